import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/certificate.js";
import { turn, until } from "../support/wait.js";
import { TypedRepl } from "./support/repl-process.js";
import { openShop } from "./support/shop.js";

const ctrlC = "\u0003";
const ctrlD = "\u0004";

describe("at a terminal", () => {
  it("asks for one command after the other; what fails does not end it", async () => {
    const { urls } = await openShop();
    const repl = new TypedRepl({ url: urls.ws });
    await repl.sees(`connected to ${urls.ws}`);
    await repl.sees("nanowire> ");
    repl.type("request Shop.Bye\r");
    await repl.sees("there is no request Shop.Bye: there are Shop.Buy");
    repl.type('request Shop.Buy {"name":\r"tea"}\r');
    await repl.sees("… ");
    await repl.sees("push ShopEvents.Sold ");
    await repl.sees('{"id":"1-tea"}');
    await repl.sees("after ");
    repl.type(ctrlD);
    expect(await repl.exit).toBe(0);
    expect(repl.text).not.toContain("\u001b[3");
  });

  it("completes commands, routes and fields", async () => {
    const { urls } = await openShop();
    const repl = new TypedRepl({ url: urls.tcp });
    await repl.sees("nanowire> ");
    // One key at a time, as by hand: what is pasted is not completed.
    for (const keys of ["req", "\t", " Shop.B", "\t", ' {"n', "\t", '"tea"}', "\r"]) {
      repl.type(keys);
      await turn();
    }
    await repl.sees('{"id":"1-tea"}');
  });

  it("gives up what is waited for, or the line, with Ctrl-C", async () => {
    const { urls, shop } = await openShop();
    const repl = new TypedRepl({ url: urls.tcp });
    await repl.sees("nanowire> ");
    repl.type('request Shop.Buy {"name":"patience"}\r');
    await until(() => shop.waiting === 1);
    repl.type(ctrlC);
    await repl.sees("canceled: ");
    repl.type("request Shop.Buy {\r");
    await repl.sees("… ");
    repl.type(`half${ctrlC}`);
    await repl.sees("nanowire> ");
    repl.type(`${ctrlC}`);
    await repl.sees("exit, or Ctrl-D, ends");
    repl.type("exit\r");
    expect(await repl.exit).toBe(0);
    expect(repl.text).not.toContain("half\r");
  });

  it("goes on when the server goes, and connects anew when it is told to", async () => {
    const first = await openShop();
    const repl = new TypedRepl({ url: first.urls.ws });
    await repl.sees("nanowire> ");
    await first.server.stop();
    await repl.sees("the connection is closed: ");
    repl.type("request Shop.Close\r");
    await repl.sees("there is no connection (");
    const second = await openShop();
    repl.type(`connect ${second.urls.tcp}\r`);
    await repl.sees(`connected to ${second.urls.tcp}`);
    repl.type("request Shop.Close\r");
    await repl.sees("{}");
  });

  it("begins without a server, too, and keeps no password", async () => {
    const { urls } = await openShop();
    const history = join(temporaryFolder(), "history");
    const repl = new TypedRepl({ history });
    await repl.sees("nanowire> ");
    repl.type(`connect ${urls.tcp}\r`);
    await repl.sees("connected");
    repl.type('request Shop.SignIn {"password": "opensesame1", "again": "opensesame1"}\r');
    await repl.sees("{}");
    repl.type('handshake {"token": "opensesame1"}\r');
    await repl.sees("from the next connection on");
    repl.type(`connect ${urls.ws}/?token=opensesame1\r`);
    await repl.sees("connected");
    repl.type("history sesame\r");
    await repl.sees('handshake {"token": "opensesame1"}');
    repl.type("exit\r");
    expect(await repl.exit).toBe(0);
    expect(readFileSync(history, "utf8")).toBe(`connect ${urls.tcp}\nhistory sesame\nexit\n`);
  });

  it("ends when the terminal is closed, whatever it waits for", async () => {
    const { urls, shop } = await openShop();
    const repl = new TypedRepl({ url: urls.ws });
    await repl.sees("nanowire> ");
    repl.type('request Shop.Buy {"name":"patience"}\r');
    await until(() => shop.waiting === 1);
    repl.hangUp();
    expect(await repl.exit).toBe(0);
  });

  it("ends when it is told to from outside", async () => {
    const { urls } = await openShop();
    const stop = new AbortController();
    const repl = new TypedRepl({ url: urls.ws, signal: stop.signal }, {});
    await repl.sees("\u001b[2mconnected");
    stop.abort();
    expect(await repl.exit).toBe(0);
  });
});

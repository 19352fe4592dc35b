import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Chat } from "../../examples/chat/server.js";
import { bundlePage, eventually, Guest, startTestChat, type TemporaryDirectory } from "./chat-fixture.js";
import { launchChromium } from "./chromium.js";

let page: TemporaryDirectory;
let browser: Browser;
let chat: Chat;
let contexts: BrowserContext[];

beforeAll(async () => {
  browser = await launchChromium();
  page = await bundlePage();
});

afterAll(async () => {
  await browser?.close();
  await page?.remove();
});

beforeEach(async () => {
  chat = await startTestChat(page.path);
  contexts = [];
});

afterEach(async () => {
  for (const context of contexts) {
    await context.close();
  }
  await chat.stop();
});

/** A tab with the chat page, as a person sees it and finds his way in it: by roles, labels and text. */
class Tab {
  readonly page: Page;
  /** What the browser complains of: errors of the script, resources that the policy refuses. */
  readonly complaints: string[] = [];
  readonly name: Locator;
  readonly join: Locator;
  readonly problem: Locator;
  readonly log: Locator;
  readonly text: Locator;
  readonly send: Locator;
  readonly leave: Locator;
  readonly members: Locator;
  readonly status: Locator;
  readonly reconnect: Locator;

  constructor(page: Page) {
    this.page = page;
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("console", (message) => this.complaints.push(message.text()));
    this.name = page.getByLabel("Your name");
    this.join = page.getByRole("button", { name: "Join" });
    this.problem = page.locator("form").getByRole("alert");
    this.log = page.getByRole("log", { name: "Messages" });
    this.text = page.getByLabel("Message", { exact: true });
    this.send = page.getByRole("button", { name: "Send" });
    this.leave = page.getByRole("button", { name: "Leave" });
    this.members = page.getByRole("complementary", { name: "In the room" }).getByRole("listitem");
    this.status = page.getByRole("status");
    this.reconnect = page.getByRole("button", { name: "Reconnect" });
  }

  static async open(options: BrowserContextOptions = {}): Promise<Tab> {
    const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
    contexts.push(context);
    const tab = new Tab(await context.newPage());
    await tab.page.goto(chat.url);
    return tab;
  }

  async enter(name: string): Promise<void> {
    await this.name.fill(name);
    await this.name.press("Enter");
    await this.text.waitFor();
  }

  async say(text: string): Promise<void> {
    await this.text.fill(text);
    await this.text.press("Enter");
  }

  /** Waits until the log shows a text. */
  async shows(text: string): Promise<void> {
    await this.log.getByText(text, { exact: true }).waitFor();
  }

  /** Whether anything sticks out at the side. */
  sticksOut(): Promise<boolean> {
    return this.page.evaluate("document.scrollingElement.scrollWidth > innerWidth") as Promise<boolean>;
  }

  focused(locator: Locator): Promise<boolean> {
    return locator.evaluate((element) => element === element.ownerDocument.activeElement);
  }
}

describe("two tabs", () => {
  test("see each other come, speak and go", async () => {
    const ada = await Tab.open();
    const bob = await Tab.open();
    await ada.enter("ada");
    await ada.shows("You joined as ada. Nobody else is here yet.");
    await bob.enter("  bob ");
    await bob.shows("You joined as bob");
    await ada.shows("bob joined");
    expect(await ada.members.allTextContents()).toEqual(["Aadayou", "Bbob"]);
    expect(await bob.members.allTextContents()).toEqual(["Aada", "Bbobyou"]);
    expect(await ada.status.textContent()).toBe("Connected");

    await ada.say("hello, bob");
    await bob.shows("hello, bob");
    await bob.text.fill("hello, ada\nhow are you?");
    await bob.send.click();
    await ada.shows("hello, ada how are you?");

    const own = ada.log.locator(".message", { hasText: "hello, bob" });
    const other = ada.log.locator(".message", { hasText: "hello, ada" });
    expect(await own.locator(".byline").textContent()).toMatch(/^You \d{1,2}:\d{2}/);
    expect(await other.locator(".byline").textContent()).toMatch(/^bob \d{1,2}:\d{2}/);
    const [ownBox, otherBox, logBox] = await Promise.all(
      [own.locator(".bubble"), other.locator(".bubble"), ada.log].map((locator) => locator.boundingBox()),
    );
    const middle = (logBox?.x ?? 0) + (logBox?.width ?? 0) / 2;
    expect(ownBox?.x).toBeGreaterThan(middle);
    expect((otherBox?.x ?? 0) + (otherBox?.width ?? 0)).toBeLessThan(middle);
    const saidAt = (await own.locator("time").getAttribute("datetime")) ?? "";
    expect(Math.abs(Date.parse(saidAt) - Date.now())).toBeLessThan(60_000);
    expect(await ada.text.inputValue()).toBe("");

    await bob.leave.click();
    await ada.shows("bob left");
    await eventually(() => ada.members.count()).toBe(1);
    expect(await bob.name.inputValue()).toBe("bob");
    await bob.name.press("Enter");
    await eventually(() => ada.log.getByText("bob joined").count()).toBe(2);
    expect(await bob.log.textContent()).not.toContain("hello");
    await bob.page.close();
    await eventually(() => ada.log.getByText("bob left").count()).toBe(2);

    expect(ada.complaints).toEqual([]);
    expect(bob.complaints).toEqual([]);
  });

  test("share the room with a client over TCP", async () => {
    const ada = await Tab.open();
    await ada.enter("ada");
    const bob = await Guest.connect(chat.tcpUrl);
    await bob.join("bob");

    await ada.say("who is there?");

    expect(await bob.heard.next()).toBe("ada: who is there?");
    bob.room.say({ text: "me" });
    await ada.shows("me");
  });
});

describe("joining", () => {
  test("shows beside the name why it is refused, and lets one try again", async () => {
    const bob = await Guest.connect(chat.tcpUrl);
    await bob.join("bob");
    const tab = await Tab.open();
    expect(await tab.focused(tab.name)).toBe(true);
    expect(await tab.status.textContent()).toBe("Not connected");

    await tab.join.click();
    expect(await tab.problem.textContent()).toBe("A name is needed.");
    await tab.name.fill("Bob");
    expect(await tab.problem.textContent()).toBe("");
    await tab.join.click();
    await tab.problem.getByText("That name is taken. Try another one.").waitFor();
    expect(await tab.name.getAttribute("aria-invalid")).toBe("true");
    expect(await tab.focused(tab.name)).toBe(true);
    expect(await tab.join.isEnabled()).toBe(true);
    await tab.name.fill("a\u202eb");
    await tab.join.click();
    await tab.problem.getByText("A name has 1 to 24 characters, all of which can be seen.").waitFor();
    await tab.enter("robert");

    expect(await tab.focused(tab.text)).toBe(true);
    expect(await tab.members.allTextContents()).toEqual(["Bbob", "Rrobertyou"]);
    expect(tab.complaints).toEqual([]);
  });

  test("says that the server cannot be reached", async () => {
    const tab = await Tab.open();
    await chat.stop();

    await tab.name.fill("ada");
    await tab.name.press("Enter");

    await tab.problem.getByText("The server cannot be reached.").waitFor();
    expect(await tab.status.textContent()).toBe("Disconnected");
  });
});

describe("hostile text", () => {
  test.each([
    "<img src=x onerror=\"document.title='hit'\">",
    "<script>document.title='hit'</script>",
    "</p></div><h1>hit</h1>",
    "&lt;b&gt; &amp; {{title}}",
    "javascript:document.title='hit'",
  ])("%s stays text", async (text) => {
    const tab = await Tab.open();
    await tab.enter("ada");
    const mallory = await Guest.connect(chat.webSocketUrl);

    await mallory.join("<i>mallory</i>");
    mallory.room.say({ text });

    await tab.shows(text);
    await tab.shows("<i>mallory</i> joined");
    expect(await tab.members.last().textContent()).toBe("<<i>mallory</i>");
    expect(await tab.log.locator("img, script, h1, i, b, a").count()).toBe(0);
    expect(await tab.page.title()).toBe("Nanowire chat");
    expect(tab.complaints).toEqual([]);
  });

  test("a word as long as a message is broken, and a text from right to left is so", async () => {
    const tab = await Tab.open({ viewport: { width: 360, height: 640 } });
    await tab.enter("ada");

    await tab.say("x".repeat(500));
    await tab.shows("x".repeat(500));
    await tab.say("שלום");
    await tab.shows("שלום");

    expect(await tab.sticksOut()).toBe(false);
    const direction = await tab.log.getByText("שלום").evaluate((element) => element.matches(":dir(rtl)"));
    expect(direction).toBe(true);
  });
});

describe("the connection", () => {
  test("is lost: the page says so, keeps what is there, and connects again by the button", async () => {
    const tab = await Tab.open();
    const bob = await Guest.connect(chat.tcpUrl);
    await bob.join("bob");
    await tab.enter("ada");
    await tab.say("before");
    await tab.shows("before");
    await tab.text.fill("half a sente");

    await chat.stop();

    await tab.page.getByRole("alert").getByText("The connection to the server is lost.").waitFor();
    expect(await tab.status.textContent()).toBe("Disconnected");
    expect(await tab.send.isDisabled()).toBe(true);
    await tab.text.press("Enter");
    expect(await tab.text.inputValue()).toBe("half a sente");
    await tab.reconnect.click();
    await tab.page.getByRole("alert").getByText("The server cannot be reached.").waitFor();

    const port = Number(new URL(chat.url).port);
    chat = await startTestChat(page.path, { port });
    await tab.reconnect.click();

    await tab.shows("You joined as ada. Nobody else is here yet.");
    expect(await tab.status.textContent()).toBe("Connected");
    expect(await tab.reconnect.count()).toBe(0);
    expect(await tab.members.allTextContents()).toEqual(["Aadayou"]);
    await tab.shows("before");
    expect(await tab.focused(tab.text)).toBe(true);
    await tab.text.press("Enter");
    await tab.shows("half a sente");
  });

  test("comes back to a name that is somebody else's by now", async () => {
    const tab = await Tab.open();
    await tab.enter("ada");
    await chat.stop();
    await tab.reconnect.waitFor();
    chat = await startTestChat(page.path, { port: Number(new URL(chat.url).port) });
    const other = await Guest.connect(chat.tcpUrl);
    await other.join("ada");

    await tab.reconnect.click();

    await tab.problem.getByText("That name is taken. Try another one.").waitFor();
    await tab.enter("ada two");
    expect(await other.heard.next()).toBe("ada two joined");
  });
});

describe("reading", () => {
  test("stays where one reads, counts what came below, and goes there by the button", async () => {
    const tab = await Tab.open({ viewport: { width: 800, height: 500 } });
    const bob = await Guest.connect(chat.tcpUrl);
    await tab.enter("ada");
    await bob.join("bob");
    const top = (): Promise<number> => tab.log.evaluate((log) => log.scrollTop);
    const below = (): Promise<number> => tab.log.evaluate((log) => log.scrollHeight - log.clientHeight - log.scrollTop);
    for (let number = 1; number <= 15; number++) {
      bob.room.say({ text: `line ${number}` });
    }
    await tab.shows("line 15");
    expect(await below()).toBeLessThan(2);

    await tab.log.evaluate((log) => log.scrollTo(0, 0));
    bob.room.say({ text: "unseen" });
    const button = tab.page.getByRole("button", { name: "1 new message ↓" });
    await button.waitFor();
    expect(await top()).toBe(0);
    await button.click();

    await eventually(below).toBeLessThan(2);
    expect(await button.count()).toBe(0);
    expect(await tab.focused(tab.text)).toBe(true);
  });

  test("shows who spoke once for what is said in a row, and tells it to screen readers each time", async () => {
    const tab = await Tab.open();
    await tab.enter("ada");
    const bob = await Guest.connect(chat.tcpUrl);
    await bob.join("bob");

    bob.room.say({ text: "one" });
    bob.room.say({ text: "two" });
    await tab.shows("two");

    const bylines = tab.log.getByText("bob", { exact: true });
    expect(await bylines.count()).toBe(2);
    expect((await bylines.first().locator("..").boundingBox())?.width).toBeGreaterThan(30);
    expect((await bylines.last().locator("..").boundingBox())?.width).toBe(1);
  });

  test("keeps the last 500 entries", async () => {
    const tab = await Tab.open();
    await tab.enter("ada");
    const bob = await Guest.connect(chat.tcpUrl);

    for (let round = 0; round < 260; round++) {
      await bob.join("bob");
      await bob.room.leave();
    }
    await bob.join("the last one");

    await tab.shows("the last one joined");
    expect(await tab.log.locator("> *").count()).toBe(500);
  });
});

describe("writing", () => {
  test("breaks a line with Shift, tells what is left, and takes no more than a message holds", async () => {
    const tab = await Tab.open();
    await tab.enter("ada");
    const height = async (): Promise<number> => (await tab.text.boundingBox())?.height ?? 0;
    const single = await height();

    await tab.text.pressSequentially("one");
    await tab.text.press("Shift+Enter");
    await tab.text.pressSequentially("two");
    expect(await tab.text.inputValue()).toBe("one\ntwo");
    expect(await height()).toBeGreaterThan(single);
    await tab.text.press("Enter");
    await tab.shows("one two");
    expect(await height()).toBe(single);
    await tab.text.fill("x".repeat(450));
    await tab.page.getByText("50 left").waitFor();
    await tab.text.pressSequentially("y".repeat(60));

    expect(await tab.text.inputValue()).toHaveLength(500);
    await tab.page.getByText("0 left", { exact: true }).waitFor();
  });

  test("sends nothing when nothing is written", async () => {
    const tab = await Tab.open();
    await tab.enter("ada");

    await tab.say("  \n ");
    await tab.text.fill("");
    await tab.send.click();
    await tab.say("end");
    await tab.shows("end");

    expect(await tab.log.locator(".message").count()).toBe(1);
  });
});

describe("on a phone", () => {
  const phone: BrowserContextOptions = {
    viewport: { width: 360, height: 640 },
    isMobile: true,
    hasTouch: true,
    deviceScaleFactor: 2,
  };

  test.each(["light", "dark"] as const)("everything fits, in the %s scheme", async (colorScheme) => {
    const tab = await Tab.open({ ...phone, colorScheme });
    expect(await tab.sticksOut()).toBe(false);
    const longName = "W".repeat(24);
    await tab.enter(longName);
    const bob = await Guest.connect(chat.tcpUrl);
    await bob.join("M".repeat(24));
    bob.room.say({ text: "wide ".repeat(90) });
    await tab.say("own ".repeat(100));
    await tab.log.getByText("own own").waitFor();

    expect(await tab.sticksOut()).toBe(false);
    for (const control of [tab.leave, tab.send, tab.page.getByRole("button", { name: "2 in the room" })]) {
      const box = await control.boundingBox();
      expect(box?.height).toBeGreaterThanOrEqual(44);
      expect(box?.width).toBeGreaterThanOrEqual(44);
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(360);
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(640);
    }
    expect(tab.complaints).toEqual([]);
  });

  test("the members are behind a button, which Escape closes", async () => {
    const tab = await Tab.open(phone);
    await tab.enter("ada");
    const toggle = tab.page.getByRole("button", { name: "1 in the room" });
    expect(await tab.members.count()).toBe(0);
    expect(await toggle.getAttribute("aria-expanded")).toBe("false");

    await toggle.tap();
    await tab.members.first().waitFor();
    expect(await toggle.getAttribute("aria-expanded")).toBe("true");
    expect(await tab.sticksOut()).toBe(false);
    await tab.page.keyboard.press("Escape");

    expect(await tab.members.count()).toBe(0);
    expect(await tab.focused(toggle)).toBe(true);
  });

  test("the composer stays in view when the window becomes small, and so does the end of the log", async () => {
    const tab = await Tab.open(phone);
    await tab.enter("ada");
    for (let number = 1; number <= 12; number++) {
      await tab.say(`line ${number}`);
    }
    await tab.shows("line 12");

    await tab.page.setViewportSize({ width: 360, height: 320 });

    const bottom = async (locator: Locator): Promise<number> => {
      const box = await locator.boundingBox();
      return (box?.y ?? 0) + (box?.height ?? 0);
    };
    await eventually(() => bottom(tab.send)).toBeLessThanOrEqual(320);
    await eventually(() => bottom(tab.log.getByText("line 12"))).toBeLessThanOrEqual(320);
  });
});

test("counts in the title what is said while the tab is not looked at", async () => {
  const tab = await Tab.open();
  await tab.enter("ada");
  const bob = await Guest.connect(chat.tcpUrl);
  await bob.join("bob");
  const setHidden = (hidden: boolean): Promise<unknown> =>
    tab.page.evaluate(`
      Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    `);

  await setHidden(true);
  bob.room.say({ text: "one" });
  bob.room.say({ text: "two" });

  await eventually(() => tab.page.title()).toBe("(2) Nanowire chat");
  await setHidden(false);
  expect(await tab.page.title()).toBe("Nanowire chat");
});

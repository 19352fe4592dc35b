import { describe, expect, it } from "vitest";
import { schemesAfter } from "../../runtime/client/dial-url.js";

const schemes = ["ws:", "wss:", "tcp:", "tls:"];

describe("where a server may send a client", () => {
  it.each(["wss://a.example", "WSS://a.example", "tls://a.example:3251"])("who came by %s goes by TLS", (target) => {
    expect(schemesAfter(target, schemes)).toEqual(["wss:", "tls:"]);
  });

  it.each(["ws://wss://", "tcp://a.example:3251", "tcp+unix:///tls:", () => {}])("%s: anywhere", (target) => {
    expect(schemesAfter(target, schemes)).toEqual(schemes);
  });
});

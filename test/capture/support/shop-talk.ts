import { runLines } from "../../repl/support/repl-process.js";
import { openShop, shopDescriptors } from "../../repl/support/shop.js";
import { type RecordingProxy, startRecording } from "./recording-proxy.js";

/** A shop behind a proxy that writes down what is said. */
export async function openRecordedShop(transport: "ws" | "tcp"): Promise<RecordingProxy & { readonly url: string }> {
  const { urls } = await openShop();
  const proxy = await startRecording(Number(new URL(urls[transport]).port));
  return Object.assign(proxy, { url: `${transport}://127.0.0.1:${proxy.port}` });
}

/** What one client says in the shop: it buys, is told so, notes, signs in, wants gold, and goes. */
export async function talk(url: string, serializer: "protobuf" | "json" = "protobuf"): Promise<void> {
  const script = [
    'request Shop.Buy {"name": "tea", "lines": [{"count": 2, "price": 3}], "cash": "7"}',
    "wait ShopEvents.Sold",
    'notify Shop.Note {"text": "thanks"}',
    'request Shop.SignIn {"password": "sesame", "again": "sesame", "answers": {"pet": "rex"}}',
    'request Shop.Buy {"name": "gold"}',
  ];
  await runLines(script, { url, serializer, user: { token: "hush" }, descriptors: shopDescriptors });
}

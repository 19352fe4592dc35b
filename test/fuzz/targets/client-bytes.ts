// What clients send, and what servers answer: each decoder by itself.

import { NanowireError } from "../../../runtime/base/error.js";
import { decodeErrorProtobuf } from "../../../runtime/protocol/error-payload.js";
import { decodeHandshakeRequest, decodeHandshakeResponse } from "../../../runtime/protocol/handshake.js";
import { decodeMessageHeader, MessageHeader } from "../../../runtime/protocol/message-decoder.js";
import { PacketDecoder } from "../../../runtime/protocol/packet-decoder.js";
import { system } from "../../../runtime/protocol/packet-type.js";
import { decodeResumeClaim, decodeResumeOffer } from "../../../runtime/protocol/resume.js";
import { decodeComeBack, decodeDrain, decodeSystem } from "../../../runtime/protocol/system.js";
import { clientHelloBytes } from "../../../runtime/transport/client-hello.js";
import { clientBehind, forwardedNodes, xForwardedForNodes } from "../../../runtime/transport/forwarded.js";
import { readProxyHeader } from "../../../runtime/transport/proxy-header.js";
import { refusesWith, type Target } from "../target.js";

/** The decoders of what a client and a server say to each other. */
export const clientTargets: readonly Target[] = [
  decoder("packets", (input) => {
    const found = { bodyBytes: 0, packet: countBody };
    // Once whole, and once in pieces whose length the input itself says.
    new PacketDecoder(1_024, "maxPacketBytes", system).decode(input, found);
    const pieces = new PacketDecoder(1_024, "maxPacketBytes", system);
    const step = 1 + ((input.at(-1) ?? 0) % 7);
    const inPieces = { bodyBytes: 0, packet: countBody };
    for (let start = 0; start < input.length; start += step) {
      pieces.decode(input, inPieces, start, Math.min(start + step, input.length));
    }
    if (found.bodyBytes !== inPieces.bodyBytes) {
      throw new Error(`whole it has bodies of ${found.bodyBytes} bytes, in pieces of ${inPieces.bodyBytes}`);
    }
  }),
  decoder("messages", (input) => {
    const header = new MessageHeader();
    decodeMessageHeader(input, 0, input.length, header);
    if (header.payloadStart > input.length) {
      throw new Error(`a payload begins at ${header.payloadStart} of ${input.length}`);
    }
  }),
  decoder("handshakes", (input) => void decodeResumeClaim(decodeHandshakeRequest(input).sys)),
  decoder("handshake-answers", (input) => void decodeResumeOffer(decodeHandshakeResponse(input).sys.resume)),
  decoder("error-payloads", (input) => void decodeErrorProtobuf(input)),
  decoder("system-messages", (input) => {
    const message = decodeSystem(input);
    decodeDrain(message["drain"]);
    decodeComeBack(message["retry"]);
  }),
  decoder("proxy-headers", (input) => {
    if (readProxyHeader(input) === "more" && input.length > 4_096) {
      throw new Error(`${input.length} bytes are no whole header yet`);
    }
  }),
  decoder("client-hellos", (input) => void clientHelloBytes(input)),
  decoder("forwarded", (input) => {
    const header = new TextDecoder("latin1").decode(input);
    for (const nodes of [xForwardedForNodes(header), forwardedNodes(header)]) {
      clientBehind("10.0.0.1", nodes, (address) => address.startsWith("10."));
    }
  }),
];

function decoder(name: string, decode: (input: Uint8Array) => void): Target {
  return { name, open: () => ({ run: (input) => refusesWith([NanowireError], () => decode(input)) }) };
}

function countBody(
  this: { bodyBytes: number },
  _type: number,
  _bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  this.bodyBytes += end - start;
  return true;
}

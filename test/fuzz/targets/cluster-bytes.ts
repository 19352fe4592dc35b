// What other nodes, the master, NATS and the queue of jobs hand over: each decoder by itself.

import { NanowireError } from "../../../runtime/base/error.js";
import {
  decodeBindings,
  decodeClaim,
  decodeFind,
  decodeFound,
  decodeKick,
  decodeNumbers,
} from "../../../runtime/cluster/directory-messages.js";
import * as clusterpb from "../../../runtime/cluster/grpc/clusterpb.js";
import { decodeJob, encodeJob } from "../../../runtime/cluster/job-record.js";
import type { MessageCodec } from "../../../runtime/cluster/message-fields.js";
import { FrameJoiner } from "../../../runtime/cluster/nats/frame-joiner.js";
import { decodeNode, encodeNode } from "../../../runtime/cluster/node-json.js";
import { refusesWith, type Target } from "../target.js";

const directoryDecoders = [decodeBindings, decodeNumbers, decodeClaim, decodeFind, decodeFound, decodeKick];

const clusterMessages = [
  clusterpb.memberInfo,
  clusterpb.registerRequest,
  clusterpb.registerResponse,
  clusterpb.heartbeatRequest,
  clusterpb.heartbeatResponse,
  clusterpb.newMemberRequest,
  clusterpb.memberGone,
  clusterpb.requestMessage,
  clusterpb.notifyMessage,
  clusterpb.responseMessage,
  clusterpb.pushMessage,
  clusterpb.sessionRequest,
];

/** What the wire's reader throws, in the words of protobuf's own. gRPC tells its caller of it. */
const wireFault =
  /^(premature EOF|illegal tag|invalid varint|cant skip|invalid end group|maximum recursion|protobuf decode)/;

/** The longest frame that pieces are joined to. */
const maxFrameBytes = 2_048;

/** The decoders of what comes from other nodes, and from what stands between them. */
export const clusterTargets: readonly Target[] = [
  {
    name: "directory-messages",
    open: () => ({
      run: ([which = 0, ...bytes]) =>
        refusesWith([NanowireError], () => {
          directoryDecoders[which % directoryDecoders.length]?.(Uint8Array.from(bytes));
        }),
    }),
  },
  {
    name: "clusterpb",
    open: () => ({
      run([which = 0, ...bytes]) {
        const codec = clusterMessages[which % clusterMessages.length] as MessageCodec<object>;
        try {
          codec.encode(codec.decode(Uint8Array.from(bytes)));
          return true;
        } catch (error) {
          if (error instanceof Error && wireFault.test(error.message)) {
            return false;
          }
          throw error;
        }
      },
    }),
  },
  {
    name: "job-records",
    open: () => ({
      run(input) {
        const job = decodeJob(input);
        if (job !== undefined) {
          encodeJob(job);
        }
        return job !== undefined;
      },
    }),
  },
  {
    name: "node-json",
    open: () => ({
      run: (input) => refusesWith([NanowireError], () => decodeNode(encodeNode(decodeNode(input)))),
    }),
  },
  {
    // A line for each message: the reply subject, a space, the bytes.
    name: "nats-frames",
    open() {
      const told = { frames: 0 };
      const joiner = new FrameJoiner(maxFrameBytes, {
        received(_from, { length }) {
          told.frames++;
          if (length > maxFrameBytes) {
            throw new Error(`a frame of ${length} bytes, of which ${maxFrameBytes} may be`);
          }
        },
        ignored() {},
      });
      return {
        run(input) {
          const { frames } = told;
          for (const line of new TextDecoder("latin1").decode(input).split("\n")) {
            const [reply = "", ...rest] = line.split(" ");
            // A piece has to be of some length to be kept.
            joiner.take(reply, new Uint8Array(Buffer.from(rest.join(" ").repeat(300), "latin1")));
          }
          if (joiner.heldBytes > 17 * maxFrameBytes) {
            throw new Error(`${joiner.heldBytes} bytes of pieces are held`);
          }
          return told.frames > frames;
        },
      };
    },
  },
];

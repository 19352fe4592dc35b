// Never run: the compiler reads it. Each `@ts-expect-error` stands over a line that must not compile.

import { createServer, jsonSerializer, memory, type Profile, type Serializer, wireProfiles } from "nanowire";
import { clientSerializer, connect } from "nanowire/client";

/** What a program may and may not write. */
export function typesOfProfiles(packed: Serializer): void {
  const base = { components: [], listen: [memory()] };
  const profile: Profile = { ...wireProfiles.pitaya, name: "mine", recognises: ({ sys }) => sys.type === "mine" };
  createServer({ ...base, profiles: [profile], serializers: [packed], serializer: packed.name });
  createServer({ ...base, serializer: "auto", compressPayloadsFromBytes: 1_024, compressHandshakes: true });

  // @ts-expect-error: a profile says everything
  createServer({ ...base, profiles: [{ name: "mine", serializer: "json" }] });
  // @ts-expect-error: there is no such answer to an error
  createServer({ ...base, profiles: [{ ...profile, errors: "loud" }] });
  // @ts-expect-error: a profile that ships is not changed
  wireProfiles.pitaya.serializer = "json";
  // @ts-expect-error: a serializer goes both ways
  createServer({ ...base, serializers: [{ name: "half", encode: packed.encode }] });

  void connect("ws://127.0.0.1:1", { serializers: [clientSerializer(jsonSerializer)] });
  // @ts-expect-error: a client takes one that was made for it, with the codecs of its messages
  void connect("ws://127.0.0.1:1", { serializers: [jsonSerializer] });
  // @ts-expect-error: modules come in pairs
  clientSerializer(jsonSerializer, [wireProfiles]);
}

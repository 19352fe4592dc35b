import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";

/**
 * What a step makes of each file. Kept from one run to the next, it is made again only where a change makes it necessary: a
 * descriptor is the same object as long as neither its file nor anything that this imports has changed.
 */
export class Kept<T> {
  readonly #made = new WeakMap<FileDescriptorProto, { readonly key: string; readonly value: T }>();

  /**
   * @param key what else it is made of
   * @param make makes it, when it was never made of this file and this key
   */
  get(file: FileDescriptorProto, key: string, make: () => T): T {
    const made = this.#made.get(file);
    if (made?.key === key) {
      return made.value;
    }
    const value = make();
    this.#made.set(file, { key, value });
    return value;
  }
}

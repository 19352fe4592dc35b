import { create, createFileRegistry } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { GeneratorError } from "../error.js";

/**
 * Does something with compiled files. A compiler's fit together, so nobody looks before; only when it fails it is seen whether theirs do: then it is their fault, which
 * descriptors that were made by hand, or cut, are told.
 *
 * @throws GeneratorError when they do not fit together; else what the task throws
 */
export function sayingWhatMisfits<T>(files: readonly FileDescriptorProto[], task: () => T): T {
  try {
    return task();
  } catch (error) {
    const misfit = error instanceof GeneratorError ? undefined : misfitOf(files);
    throw misfit ?? error;
  }
}

function misfitOf(files: readonly FileDescriptorProto[]): GeneratorError | undefined {
  try {
    createFileRegistry(create(FileDescriptorSetSchema, { file: [...files] }));
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return GeneratorError.of(`the compiled files do not fit together (${why}): have them made by buf or protoc`);
  }
}

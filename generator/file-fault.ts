/** Why the file system says no, and what to do, by the code of its error. */
const faults: Readonly<Record<string, string>> = {
  EACCES: "permission is denied: let yourself read and write it and its folder, or name another place",
  EEXIST: "a file stands where a folder belongs: move it, or name another folder",
  EFBIG: "it is larger than the file system allows: name another place",
  EISDIR: "it is a folder, where a file belongs: move it, or name another file",
  ELOOP: "its links lead round in a circle: mend or remove them",
  EMFILE: "too many files are open: let more be, with `ulimit -n`",
  ENAMETOOLONG: "its name is longer than the file system allows: write a shorter one",
  ENOENT: "it is not there: make it, or name another place",
  ENOSPC: "no space is left: make room",
  ENOTDIR: "a file stands where a folder belongs: move it, or name the folder",
  EPERM: "it is not permitted: let yourself read and write it and its folder, or name another place",
  EROFS: "the file system is read-only: name another place",
};

/** Why the file system said no, and what to do; undefined for an error that is none of its own. */
export function fileFault(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("syscall" in error)) {
    return undefined;
  }
  const code = "code" in error ? String(error.code) : "";
  return faults[code] ?? error.message;
}

/**
 * What to say of an error of the file system's that was not expected where it came from: the user's path, and what to do.
 *
 * @param directory the working directory: a path in it is told relative to it
 * @returns undefined for an error that is none of the file system's
 */
export function fileErrorText(error: unknown, directory: string): string | undefined {
  const fault = fileFault(error);
  if (fault === undefined || !(error instanceof Error)) {
    return undefined;
  }
  const path = "path" in error && typeof error.path === "string" ? error.path : undefined;
  if (path === undefined || fault === error.message) {
    return error.message;
  }
  const isInside = path.startsWith(directory) && /^[/\\]/.test(path.slice(directory.length));
  return `${isInside ? path.slice(directory.length + 1).replaceAll("\\", "/") : path}: ${fault}`;
}

/** What to say of a link that leads nowhere: what it leads to has been forgotten somewhere, which is not the same as nothing. */
export function deadLinkText(path: string, target: string): string {
  return `${path} is a link to ${target}, which is not there: bring that back, or remove the link`;
}

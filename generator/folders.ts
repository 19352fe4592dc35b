/** Whether a folder is another one or lies in it. Both are relative to the working directory, tidy, with forward slashes. */
export function isWithin(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(`${outer}/`) || (outer === "." && !inner.startsWith("../"));
}

/** The path of something in a folder that may be the working directory itself, `.`. */
export function pathIn(folder: string, name: string): string {
  return folder === "." ? name : `${folder}/${name}`;
}

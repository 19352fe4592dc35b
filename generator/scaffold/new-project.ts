/** Where each template of `project/` goes. */
export const projectFiles = {
  "README.md.txt": "README.md",
  "client.ts.txt": "src/client.ts",
  "counter.proto.txt": "proto/counter/v1/counter.proto",
  "counter.test.ts.txt": "test/counter.test.ts",
  "counter.ts.txt": "src/counter.ts",
  "gitignore.txt": ".gitignore",
  "main.ts.txt": "src/main.ts",
  "package.json.txt": "package.json",
  "server.ts.txt": "src/server.ts",
  "tsconfig.json.txt": "tsconfig.json",
} as const;

/** What a new project needs besides nanowire and its peers. A test holds these to what nanowire itself is built with. */
export const toolVersions = { "@types/node": "^20.19.43", typescript: "^7.0.2" } as const;

/** What a new project is made of. */
export interface NewProject {
  /** The package's name. */
  readonly name: string;
  /** Which nanowire it depends on, as package.json says it: `^0.1.0`, `file:../nanowire-0.1.0.tgz`. */
  readonly nanowire: string;
  /** The packages that the generator needs, and their ranges. */
  readonly peers: Readonly<Record<string, string>>;
}

/**
 * The files of a new project: path → text.
 *
 * @param template gives the text of a template
 */
export function newProjectFiles(project: NewProject, template: (name: string) => string): Map<string, string> {
  const devDependencies = Object.entries({ ...toolVersions, ...project.peers }).sort(([a], [b]) => (a < b ? -1 : 1));
  const values: Readonly<Record<string, string>> = {
    name: JSON.stringify(project.name),
    title: project.name,
    nanowire: JSON.stringify(project.nanowire),
    devDependencies: JSON.stringify(Object.fromEntries(devDependencies), null, 2).replaceAll("\n", "\n  "),
  };
  return new Map(
    Object.entries(projectFiles).map(([name, path]) => [
      path,
      template(name).replace(/\{\{(\w+)\}\}/g, (_, key: string) => values[key] ?? ""),
    ]),
  );
}

/** The name of a folder as that of a package: `My Game` → `my-game`. */
export function packageName(folder: string): string {
  const name = folder
    .toLowerCase()
    .replace(/[^a-z0-9._~-]+/g, "-")
    .replace(/^[._-]+|-+$/g, "");
  return name === "" ? "server" : name;
}

/** Whether npm takes a package's name: `my-game`, `@team/my-game`. */
export function isPackageName(name: string): boolean {
  return /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/.test(name) && name.length <= 214;
}

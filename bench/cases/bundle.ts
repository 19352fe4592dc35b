import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** What a page loads, measured. */
export interface BundleCase {
  readonly name: string;
  readonly kind: "bundle";
  readonly summary: string;
  readonly comparisons: readonly BundleSubject[];
}

/** One bundle. */
export interface BundleSubject {
  readonly name: string;
  readonly title: string;
  /** The module that is bundled. */
  readonly contents: string;
}

/** How large a bundle is, in bytes. */
export interface BundleFigures {
  readonly name: string;
  readonly minified: number;
  readonly gzipped: number;
}

/** The client in a browser, minified and gzipped. */
export const bundle: BundleCase = {
  name: "bundle",
  kind: "bundle",
  summary: "the client in a browser: bytes, minified and gzipped (level 9)",
  comparisons: [
    {
      name: "library",
      title: "connect(), and all that it needs",
      contents: 'export { connect } from "nanowire/client";',
    },
    {
      name: "one-service",
      title: "the same with the generated client of one service, its messages, and the protobuf writer",
      contents:
        'export { connect } from "nanowire/client"; export { EchoClient } from "./generated/bench/v1/echo.client";',
    },
  ],
};

/** Bundles as a page's bundler would. */
export async function measureBundle({ name, contents }: BundleSubject): Promise<BundleFigures> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL("..", import.meta.url)), loader: "js" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "browser",
    target: "es2022",
    alias: {
      "nanowire/client": fileURLToPath(new URL("../../runtime/client/browser", import.meta.url)),
      "nanowire/wire": fileURLToPath(new URL("../../runtime/protocol/wire/index", import.meta.url)),
    },
    logLevel: "silent",
  });
  const text = outputFiles[0]?.contents ?? new Uint8Array(0);
  return { name, minified: text.length, gzipped: gzipSync(text, { level: 9 }).length };
}

/** A line of the report. */
export function formatBundle(caseName: string, { name, minified, gzipped }: BundleFigures): string {
  return `size  ${`${caseName}/${name}`.padEnd(34)} ${gzipped} bytes gzipped, ${minified} minified (less is better)`;
}

import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Starts Chromium without a window. Throws when it is not installed: a page that was not tried was not tested. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) {
    throw new Error(
      `there is no Chromium at ${executablePath}: scripts/install-chromium.sh installs it, or CHROMIUM names another`,
    );
  }
  return await chromium.launch({
    executablePath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

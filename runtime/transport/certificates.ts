import { createHash, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext, type SecureContext, type SecureContextOptions, type TLSSocketOptions } from "node:tls";
import { assertOptions } from "../base/assert-options.js";
import type { CancelTimer, Clock } from "../base/clock.js";
import { NanowireError } from "../base/error.js";
import type { Logger } from "../base/logger.js";

/** A certificate and its key: as PEM, or in files, which are watched. */
export type TlsOptions = PemOptions | PemFileOptions;

/** What both kinds of {@link TlsOptions} have. */
export interface TlsSettings {
  /** The key's password, where it has one. */
  readonly passphrase?: string;
  /** The least version that is spoken. Default: `TLSv1.2` */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
}

/** A certificate in memory. */
export interface PemOptions extends TlsSettings {
  /** The certificate, and those that lead from it to its issuer, as PEM. */
  readonly cert: string | Uint8Array;
  /** Its private key, as PEM. */
  readonly key: string | Uint8Array;
  readonly certFile?: undefined;
  readonly keyFile?: undefined;
}

/** A certificate in files. When they change, new connections get the new one. */
export interface PemFileOptions extends TlsSettings {
  /** Where the certificate is, and those that lead from it to its issuer, as PEM. */
  readonly certFile: string;
  /** Where its private key is, as PEM. */
  readonly keyFile: string;
  /** Milliseconds between two looks at the files; 0: they are read once. To 2,147,483,647. Default: 60,000 */
  readonly checkEveryMs?: number;
  readonly cert?: undefined;
  readonly key?: undefined;
}

/** A certificate that is read. */
interface Loaded {
  readonly context: SecureContext;
  readonly names: X509Certificate;
  /** A hash of what it was read from: what is the same needs no new context. */
  readonly source: string;
}

/**
 * The certificates of a listener: the first for everybody, each other one for the names that it bears (SNI). They can
 * change while it listens: those who connect from then on get the new ones.
 */
export class Certificates {
  #options: readonly TlsOptions[];
  #loaded: readonly Loaded[] = [];
  #cancel: CancelTimer | undefined;
  #begun = 0;
  #applied = 0;

  /** @throws NanowireError `invalid_option`, and `invalid_certificate` where PEM is given that is none */
  constructor(options: TlsOptions | readonly TlsOptions[]) {
    this.#options = checked(options);
    for (const each of this.#options) {
      if (each.cert !== undefined) {
        loadPem(each, each.cert, each.key);
      }
    }
  }

  /**
   * Reads the certificates, and begins to look after the files.
   *
   * @throws NanowireError `invalid_certificate`
   */
  async open(clock: Clock, logger: Logger): Promise<void> {
    this.#loaded = await Promise.all(this.#options.map(load));
    const periods = this.#options.map((each) => (each.certFile === undefined ? 0 : checkEveryMsOf(each)));
    const periodMs = Math.min(...periods.filter((period) => period > 0));
    if (periodMs !== Number.POSITIVE_INFINITY) {
      this.#cancel = clock.every(periodMs, () => void this.#check(logger));
    }
  }

  /** Looks after the files no longer. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /**
   * Reads the certificates anew, or takes others in their place. After an error the old ones stay.
   *
   * @returns whether anything changed
   * @throws NanowireError `invalid_certificate`, `invalid_option`
   */
  async reload(options: TlsOptions | readonly TlsOptions[] = this.#options): Promise<boolean> {
    const given = checked(options);
    const mine = ++this.#begun;
    const loaded = await Promise.all(given.map(load));
    if (mine < this.#applied) {
      // What began later was read faster.
      return false;
    }
    this.#applied = mine;
    this.#options = given;
    const changed = !sameSources(loaded, this.#loaded);
    this.#loaded = loaded;
    return changed;
  }

  /** What a new connection's TLS is made with. */
  socketOptions(): TLSSocketOptions {
    const [first] = this.#loaded;
    if (first === undefined) {
      throw new NanowireError("invalid_state", "the certificates are not read yet");
    }
    return this.#loaded.length === 1
      ? { isServer: true, secureContext: first.context }
      : { isServer: true, secureContext: first.context, SNICallback: this.#select };
  }

  readonly #select = (serverName: string, done: (error: Error | null, context?: SecureContext) => void): void => {
    const fitting = this.#loaded.find(({ names }) => names.checkHost(serverName) !== undefined) ?? this.#loaded[0];
    done(null, fitting?.context);
  };

  async #check(logger: Logger): Promise<void> {
    try {
      if (await this.reload()) {
        logger.info({ files: this.#options.map(({ certFile }) => certFile) }, "certificates were reloaded");
      }
    } catch (error) {
      // Perhaps one of the files is written and the other is not yet: it is tried again.
      logger.error({ error }, "certificates could not be reloaded; the old ones stay");
    }
  }
}

function checked(options: TlsOptions | readonly TlsOptions[]): readonly TlsOptions[] {
  const list = Array.isArray(options) ? (options as readonly TlsOptions[]) : [options as TlsOptions];
  if (list.length === 0) {
    throw new NanowireError("invalid_option", "tls is empty: it needs a certificate");
  }
  for (const each of list) {
    assertOptions("tls", each, tlsOptionKinds);
    const { cert, key, certFile, keyFile } = each;
    const isPem = isText(cert) && isText(key) && certFile === undefined && keyFile === undefined;
    const isFile = isPath(certFile) && isPath(keyFile) && cert === undefined && key === undefined;
    if (!isPem && !isFile) {
      throw new NanowireError("invalid_option", "tls needs cert and key, or certFile and keyFile");
    }
    const period = checkEveryMsOf(each as PemFileOptions);
    if (typeof period !== "number" || !(period >= 0 && period <= 2_147_483_647)) {
      throw new NanowireError(
        "invalid_option",
        `tls.checkEveryMs ${String(period)} is not a number from 0 to 2147483647`,
      );
    }
  }
  return list;
}

const tlsOptionKinds = {
  cert: "checked",
  key: "checked",
  certFile: "checked",
  keyFile: "checked",
  passphrase: "secret",
  minVersion: "string",
  checkEveryMs: "checked",
} as const;

function isText(value: unknown): boolean {
  return typeof value === "string" || value instanceof Uint8Array;
}

function isPath(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function checkEveryMsOf({ checkEveryMs = 60_000 }: PemFileOptions): number {
  return checkEveryMs;
}

async function load(options: TlsOptions): Promise<Loaded> {
  if (options.cert !== undefined) {
    return loadPem(options, options.cert, options.key);
  }
  const { certFile, keyFile } = options;
  try {
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)]);
    return loadPem(options, cert, key);
  } catch (error) {
    if (error instanceof NanowireError) {
      throw error;
    }
    throw new NanowireError("invalid_certificate", `${(error as Error).message}`, { cause: error });
  }
}

function loadPem(
  { passphrase, minVersion = "TLSv1.2", certFile }: TlsOptions,
  cert: string | Uint8Array,
  key: string | Uint8Array,
): Loaded {
  const pem = { cert: Buffer.from(cert as string), key: Buffer.from(key as string) };
  try {
    const settings: SecureContextOptions = { ...pem, minVersion, ...(passphrase === undefined ? {} : { passphrase }) };
    const context = createSecureContext(settings);
    const source = createHash("sha256").update(pem.cert).update(pem.key).update(minVersion).digest("hex");
    return { context, names: new X509Certificate(pem.cert), source };
  } catch (error) {
    const where = certFile === undefined ? "cert and key" : `${certFile} and its key`;
    throw new NanowireError("invalid_certificate", `${where} are not taken: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function sameSources(loaded: readonly Loaded[], others: readonly Loaded[]): boolean {
  return loaded.length === others.length && loaded.every(({ source }, index) => source === others[index]?.source);
}

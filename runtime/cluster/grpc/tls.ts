import { readFile } from "node:fs/promises";
import { ChannelCredentials, type ChannelOptions, ServerCredentials } from "@grpc/grpc-js";
import { assertOptions } from "../../base/assert-options.js";
import { NanowireError } from "../../base/error.js";
import type { Dialing } from "./rpc-client.js";

/** TLS between the nodes: each shows its certificate, as PEM or in files, which are read when the node joins. */
export type GrpcTlsOptions = GrpcTlsSettings & (GrpcPem | GrpcPemFiles);

/** A certificate in memory. */
export interface GrpcPem {
  /** The node's certificate, and those that lead from it to its issuer, as PEM. */
  readonly cert: string | Uint8Array;
  /** Its private key, as PEM. */
  readonly key: string | Uint8Array;
  readonly certFile?: undefined;
  readonly keyFile?: undefined;
}

/** A certificate in files. */
export interface GrpcPemFiles {
  /** Where the node's certificate is, and those that lead from it to its issuer, as PEM. */
  readonly certFile: string;
  /** Where its private key is, as PEM. */
  readonly keyFile: string;
  readonly cert?: undefined;
  readonly key?: undefined;
}

/** Whom a node trusts. */
export interface GrpcTlsSettings {
  /** The certificates of those who issued the nodes' certificates, as PEM. Default: those that Node trusts */
  readonly ca?: string | Uint8Array;
  /** The same, in a file. */
  readonly caFile?: string;
  /** Whether a node that calls must show a certificate, too, which `ca` or `caFile` issued (mTLS). Default: whether one of them is given */
  readonly mutual?: boolean;
  /** The name that the certificates bear, where it is not the host of the nodes' addresses. Default: the host */
  readonly serverName?: string;
}

/** How a node's server is reached, and how it reaches the others'. */
export interface Credentials {
  readonly server: ServerCredentials;
  readonly dialing: Dialing;
}

/**
 * Refuses what is no TLS.
 *
 * @throws NanowireError `invalid_option`
 */
export function assertTls(tls: GrpcTlsOptions | undefined): void {
  if (tls === undefined) {
    return;
  }
  assertOptions("grpc.tls", tls, {
    cert: "checked",
    key: "checked",
    certFile: "checked",
    keyFile: "checked",
    ca: "checked",
    caFile: "checked",
    mutual: "boolean",
    serverName: "string",
  });
  const { cert, key, certFile, keyFile, ca, caFile, mutual } = tls;
  const isPem = isText(cert) && isText(key) && certFile === undefined && keyFile === undefined;
  const isFile = isPath(certFile) && isPath(keyFile) && cert === undefined && key === undefined;
  if (!isPem && !isFile) {
    throw new NanowireError("invalid_option", "grpc.tls needs cert and key, or certFile and keyFile");
  }
  if ((ca !== undefined && (!isText(ca) || caFile !== undefined)) || (caFile !== undefined && !isPath(caFile))) {
    throw new NanowireError("invalid_option", "grpc.tls.ca is no PEM, or caFile no path, or both are given");
  }
  if (mutual === true && ca === undefined && caFile === undefined) {
    throw new NanowireError("invalid_option", "grpc.tls.mutual needs ca or caFile: who issues the nodes' certificates");
  }
}

/**
 * Reads the certificates.
 *
 * @throws NanowireError `invalid_certificate`
 */
export async function readCredentials(tls: GrpcTlsOptions | undefined, options: ChannelOptions): Promise<Credentials> {
  if (tls === undefined) {
    return {
      server: ServerCredentials.createInsecure(),
      dialing: { credentials: ChannelCredentials.createInsecure(), options },
    };
  }
  const { ca, caFile, serverName, mutual = ca !== undefined || caFile !== undefined } = tls;
  try {
    const [chain, key, issuers] = await Promise.all([
      pem(tls.cert, tls.certFile),
      pem(tls.key, tls.keyFile),
      ca === undefined && caFile === undefined ? null : pem(ca, caFile),
    ]);
    const name = serverName === undefined ? {} : { "grpc.ssl_target_name_override": serverName };
    return {
      server: ServerCredentials.createSsl(issuers, [{ private_key: key, cert_chain: chain }], mutual),
      dialing: {
        credentials: ChannelCredentials.createSsl(issuers, key, chain),
        options: { ...options, ...name },
      },
    };
  } catch (error) {
    const what = tls.certFile ?? "grpc.tls";
    throw new NanowireError("invalid_certificate", `${what} is not taken: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function pem(text: string | Uint8Array | undefined, file: string | undefined): Promise<Buffer> {
  return text === undefined ? await readFile(file as string) : Buffer.from(text as string);
}

function isText(value: unknown): boolean {
  return typeof value === "string" || value instanceof Uint8Array;
}

function isPath(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

// Bearer tokens as the API takes them: EdDSA, one issuer, one audience. Verified tokens are remembered, as fast-jwt advises.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createSigner, createVerifier } from "fast-jwt";

const keys = process.env.BENCH_KEYS;
const key = (suffix) => readFileSync(join(keys, readdirSync(keys).find((name) => name.endsWith(suffix))));
const common = { iss: "counterpart", aud: "counterpart" };

const verified = keys && createVerifier({
  key: key(".eddsa.pem"), algorithms: ["EdDSA"], allowedIss: common.iss, allowedAud: common.aud, cache: 10_000,
});

/** The person a request speaks for; throws when the token is not valid. */
export function personOf(authorization) {
  if (!authorization?.startsWith("Bearer ")) throw new Error("a bearer token is required");
  return verified(authorization.slice("Bearer ".length)).sub;
}

/** A function that signs tokens for people of the organization. */
export function signer() {
  const name = readdirSync(keys).find((name) => name.endsWith(".signing.pem"));
  const sign = createSigner({ key: key(".signing.pem"), algorithm: "EdDSA", kid: name.replace(".signing.pem", ""), expiresIn: "2h", ...common });
  return (person) => sign({ sub: person, org: id(1, 1) });
}

/** The ids of data.sql. */
export function id(kind, number) {
  const hex = (value, length) => value.toString(16).padStart(length, "0");
  return `0192${hex(kind, 4)}-0000-7000-8000-${hex(number, 12)}`;
}

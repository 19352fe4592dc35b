/** What the hash of a node's id is, for {@link keyWeight}: it is the same as long as the node is called so. */
export function nodeSeed(id: string): number {
  return hashOf(id, fnvBasis);
}

/** How much a node is for a key, 32 bits: the one that is it most has it. */
export function keyWeight(key: string, seed: number): number {
  return mixed(hashOf(key, seed));
}

/** FNV-1a, 32 bits, over a text's UTF-16 units. */
function hashOf(text: string, basis: number): number {
  let hash = basis;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), fnvPrime);
  }
  return hash;
}

/** Spreads a hash evenly: the last step of MurmurHash3. */
function mixed(hash: number): number {
  let value = hash ^ (hash >>> 16);
  value = Math.imul(value, 0x85eb_ca6b);
  value ^= value >>> 13;
  value = Math.imul(value, 0xc2b2_ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

const fnvBasis = 0x811c_9dc5;
const fnvPrime = 0x0100_0193;

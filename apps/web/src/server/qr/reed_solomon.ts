/** Reed–Solomon check bytes over GF(256) with the polynomial of QR codes, x^8 + x^4 + x^3 + x^2 + 1. */

const EXP = new Uint8Array(512);
const LOG = new Uint8Array(256);
for (let power = 0, value = 1; power < 255; power++) {
  EXP[power] = value;
  EXP[power + 255] = value;
  LOG[value] = power;
  value <<= 1;
  if (value > 255) value ^= 0x11d;
}

export function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : (EXP[(LOG[a] as number) + (LOG[b] as number)] as number);
}

/** 2 to a power. */
export function power(exponent: number): number {
  return EXP[exponent % 255] as number;
}

/** The generator (x − 2^0)(x − 2^1)…, its leading 1 left out. */
function generator(checks: number): number[] {
  let polynomial = [1];
  for (let root = 0; root < checks; root++) {
    const next = new Array<number>(polynomial.length + 1).fill(0);
    polynomial.forEach((coefficient, index) => {
      next[index] = (next[index] as number) ^ coefficient;
      next[index + 1] = (next[index + 1] as number) ^ multiply(coefficient, power(root));
    });
    polynomial = next;
  }
  return polynomial.slice(1);
}

/** The check bytes that follow `data`: the remainder of data · x^checks by the generator. */
export function appendChecks(data: readonly number[], checks: number): number[] {
  const divisor = generator(checks);
  const rest = new Array<number>(checks).fill(0);
  for (const byte of data) {
    const factor = byte ^ (rest.shift() as number);
    rest.push(0);
    divisor.forEach((coefficient, index) => {
      rest[index] = (rest[index] as number) ^ multiply(coefficient, factor);
    });
  }
  return rest;
}

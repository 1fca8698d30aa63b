// Amounts are 64-bit integers in minor units. The server sends them as decimal strings, since a
// JavaScript number is exact to 53 bits only. Here they are BigInt.

const MINUS = "\u2212";

/** Reads a decimal string such as "-12". Throws SyntaxError for anything else. */
export function amountFrom(text: string): bigint {
  if (!/^-?[0-9]+$/.test(text)) throw new SyntaxError(`"${text}" is no amount`);
  return BigInt(text);
}

/** With separators between thousands: "−1,234,567". */
export function formatAmount(amount: bigint): string {
  const digits = (amount < 0n ? -amount : amount).toString();
  const grouped = digits.replace(/\B(?=(\d{3})+$)/g, ",");
  return amount < 0n ? MINUS + grouped : grouped;
}

/** As formatAmount, with a plus sign before what is added. */
export function formatChange(amount: bigint): string {
  return amount > 0n ? `+${formatAmount(amount)}` : formatAmount(amount);
}

export interface Turnover {
  credits: bigint;
  /** Not positive. */
  debits: bigint;
  credit_entries: number;
  debit_entries: number;
}

/** Sums credits and debits apart. The sums have no upper limit. */
export function turnover(amounts: readonly bigint[]): Turnover {
  const result: Turnover = { credits: 0n, debits: 0n, credit_entries: 0, debit_entries: 0 };
  for (const amount of amounts) {
    if (amount < 0n) {
      result.debits += amount;
      ++result.debit_entries;
    } else {
      result.credits += amount;
      ++result.credit_entries;
    }
  }
  return result;
}

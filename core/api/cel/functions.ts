/** What a library of CEL functions is: signatures with what they do. Types only. */

/** by signature: `string.charAt(int): string` */
export type Functions = Readonly<Record<string, (...args: never[]) => unknown>>

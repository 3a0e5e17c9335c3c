// What both clients in TypeScript need.

export const URL = process.env.REMIT_URL ?? "";
export const API_KEY = process.env.REMIT_API_KEY ?? "";

// Whether a type is any, which every assignment would fit.
export type IsAny<T> = 0 extends 1 & T ? true : false;

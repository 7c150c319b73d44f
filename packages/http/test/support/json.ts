// eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers whose shape is what they test
export type Json = any;

/** Literals of OData filters, the query language of tables. */

/** A string literal, quoted and escaped. */
export function quote(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** A date literal. @param time Milliseconds since the Unix epoch. */
export function odataDate(time: number): string {
  return `datetime'${new Date(time).toISOString()}'`;
}

/** The command line of Perdure. */
export { EXIT_CODES } from "./exit-codes";
export { main } from "./main";

import type { AccessToken, GetTokenOptions, TokenCredential } from "@azure/core-auth";
import { StorageAccessDeniedError } from "@perdure/core";

/** A credential whose failures, whatever they are, come out as `StorageAccessDeniedError`. */
export function explainingCredential(credential: TokenCredential): TokenCredential {
  return {
    async getToken(scopes: string | string[], options?: GetTokenOptions): Promise<AccessToken> {
      const token = await credential.getToken(scopes, options).catch((error: unknown) => {
        const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        throw denied(reason);
      });
      if (!token) throw denied("it gave none");
      return token;
    },
  };
}

function denied(reason: string): StorageAccessDeniedError {
  return new StorageAccessDeniedError(
    `The credential has no token for storage (${reason}). Check how it signs in.`,
  );
}

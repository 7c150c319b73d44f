import type { Place } from "../connection/place";
import type { StoragePlace } from "../connection/storage";
import { usageFailure } from "../failures";

/** @throws CommandFailure when it is a server: code runs where storage is. */
export function storagePlace(place: Place, command: string): StoragePlace {
  if (place.kind !== "server") return place;
  throw usageFailure(
    `'perdure ${command}' works on storage, and ${place.url} is a server.`,
    "Give --path or a connection string; unset PERDURE_URL, or choose another --profile.",
  );
}

// Time zones by name, from the database behind Intl. Names in; offsets from UTC in seconds and abbreviations out. Unknown names are
// failures with Go's words. Intl knows few abbreviations, hence the table: what the database itself says for the rest.

import { failure } from "./operand.ts";
import { civilFromSeconds, secondsFromCivil } from "./calendar.ts";

export interface Zone {
  readonly name: string;
  /** Seconds east of UTC at an instant. */
  offset(seconds: number): number;
  abbreviation(seconds: number): string;
}

export const UTC: Zone = { name: "UTC", offset: () => 0, abbreviation: () => "UTC" };

const GMT: Zone = { name: "GMT", offset: () => 0, abbreviation: () => "GMT" };

const zones = new Map<string, Zone>([
  ["", UTC],
  ["UTC", UTC],
  ["GMT", GMT],
  ["Etc/GMT", GMT],
]);

export function zone(name: string): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const found = load(name);
  zones.set(name, found);
  return found;
}

function load(name: string): Zone {
  const options = {
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  } as const;
  let clock: Intl.DateTimeFormat;
  let names: Intl.DateTimeFormat;
  try {
    // Intl is lenient about letter case and takes offsets for names; Go looks for a file of exactly this name.
    if (!/^[A-Z][A-Za-z0-9_+/-]*$/.test(name)) throw new RangeError(name);
    const timeZone = name === "Local" ? Intl.DateTimeFormat().resolvedOptions().timeZone : name;
    clock = new Intl.DateTimeFormat("en-US", { ...options, timeZone, hourCycle: "h23", era: "short" });
    const resolved = clock.resolvedOptions().timeZone;
    if (resolved !== timeZone && resolved.toLowerCase() === timeZone.toLowerCase())
      throw new RangeError(name);
    names = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "short" });
  } catch {
    // Go looks for a file below its own folder; no file name holds a zero.
    if (name.includes("..") || /^[/\\]/.test(name)) throw failure("time: invalid location name");
    throw failure(name.includes("\0") ? "invalid argument" : `unknown time zone ${name}`);
  }
  const offset = (seconds: number): number => localSeconds(clock, seconds) - seconds;
  return {
    name,
    offset,
    abbreviation: (seconds) => abbreviation(name, names, offset, seconds),
  };
}

/** What the clocks of a zone show, as if they were in UTC. */
function localSeconds(clock: Intl.DateTimeFormat, seconds: number): number {
  const parts = new Map(clock.formatToParts(seconds * 1000).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  const year = parts.get("era") === "BC" ? 1 - part("year") : part("year");
  return secondsFromCivil({
    year,
    month: part("month"),
    day: part("day"),
    hour: part("hour"),
    minute: part("minute"),
    second: part("second"),
  });
}

function abbreviation(
  name: string,
  names: Intl.DateTimeFormat,
  offset: (s: number) => number,
  seconds: number,
): string {
  const shown = names.formatToParts(seconds * 1000).find(({ type }) => type === "timeZoneName")?.value ?? "";
  if (/^[A-Z]{2,5}$/.test(shown) && !(shown === "GMT" && name.startsWith("Etc/"))) return shown;
  const here = offset(seconds);
  const row = ABBREVIATIONS.find(([pattern]) => pattern.test(name));
  const { year } = civilFromSeconds(seconds);
  const standard = Math.min(offset(Date.UTC(year, 0, 1) / 1000), offset(Date.UTC(year, 6, 1) / 1000));
  const listed = row?.[here > standard ? 2 : 1];
  if (listed !== undefined) return listed;
  // Zones without letters of their own are called by their offset.
  const minutes = Math.abs(Math.trunc(here / 60));
  const digits =
    String(Math.floor(minutes / 60)).padStart(2, "0") +
    (minutes % 60 === 0 ? "" : String(minutes % 60).padStart(2, "0"));
  return (here < 0 ? "-" : "+") + digits;
}

/** Zones, their standard and their summer abbreviation. */
const ABBREVIATIONS: readonly (readonly [RegExp, string, string])[] = [
  [/^Europe\/(London|Belfast|Jersey|Guernsey|Isle_of_Man)$|^GB/, "GMT", "BST"],
  [/^(Europe\/Dublin|Eire)$/, "GMT", "IST"],
  [/^(Europe\/Lisbon|Portugal|WET|Atlantic\/(Madeira|Canary|Fa[er]oe))$/, "WET", "WEST"],
  [
    /^Europe\/(Athens|Bucharest|Chisinau|Helsinki|Kiev|Kyiv|Mariehamn|Riga|Sofia|Tallinn|Tiraspol|Uzhgorod|Vilnius|Zaporozhye)$/,
    "EET",
    "EEST",
  ],
  [
    /^(EET|Asia\/(Beirut|Nicosia|Famagusta|Gaza|Hebron)|Africa\/Cairo|Egypt|Europe\/Nicosia|Europe\/Kaliningrad|Africa\/Tripoli|Libya)$/,
    "EET",
    "EEST",
  ],
  [/^(Europe\/(Moscow|Simferopol)|W-SU)$/, "MSK", "MSD"],
  [/^Europe\/(Istanbul|Minsk|Samara|Saratov|Ulyanovsk|Volgograd|Astrakhan|Kirov)$/, "", ""],
  [/^(Europe\/|CET|MET|Poland|Arctic\/|Africa\/(Ceuta|Algiers|Tunis))/, "CET", "CEST"],
  [/^(Asia\/Tokyo|Japan)$/, "JST", "JDT"],
  [/^(Asia\/(Seoul|Pyongyang)|ROK)$/, "KST", "KDT"],
  [/^(Asia\/(Shanghai|Chongqing|Harbin|Taipei|Macau)|PRC|ROC)$/, "CST", "CDT"],
  [/^(Asia\/Hong_Kong|Hongkong)$/, "HKT", "HKST"],
  [/^Asia\/(Kolkata|Calcutta)$/, "IST", "IST"],
  [/^Asia\/Karachi$/, "PKT", "PKST"],
  [/^(Asia\/(Jerusalem|Tel_Aviv)|Israel)$/, "IST", "IDT"],
  [/^Asia\/(Jakarta|Pontianak)$/, "WIB", "WIB"],
  [/^Asia\/(Makassar|Ujung_Pandang)$/, "WITA", "WITA"],
  [/^Asia\/Jayapura$/, "WIT", "WIT"],
  [/^Asia\/Manila$/, "PST", "PDT"],
  [
    /^Australia\/(Sydney|Melbourne|Hobart|Canberra|ACT|NSW|Victoria|Tasmania|Brisbane|Lindeman|Queensland|Currie)$/,
    "AEST",
    "AEDT",
  ],
  [/^Australia\/(Adelaide|South|Broken_Hill|Yancowinna|Darwin|North)$/, "ACST", "ACDT"],
  [/^Australia\/(Perth|West)$/, "AWST", "AWDT"],
  [/^(Pacific\/Auckland|NZ|Antarctica\/McMurdo)$/, "NZST", "NZDT"],
  [/^(Africa\/(Johannesburg|Maseru|Mbabane))$/, "SAST", "SAST"],
  [
    /^Africa\/(Maputo|Harare|Lusaka|Lubumbashi|Kigali|Gaborone|Blantyre|Bujumbura|Khartoum|Juba|Windhoek)$/,
    "CAT",
    "CAT",
  ],
  [/^Africa\/(Nairobi|Addis_Ababa|Dar_es_Salaam|Kampala|Mogadishu|Djibouti|Asmara|Asmera)$/, "EAT", "EAT"],
  [
    /^Africa\/(Lagos|Kinshasa|Luanda|Douala|Libreville|Niamey|Ndjamena|Malabo|Bangui|Brazzaville|Porto-Novo)$/,
    "WAT",
    "WAST",
  ],
  [
    /^America\/(Halifax|Glace_Bay|Moncton|Goose_Bay|Thule|Puerto_Rico|Barbados|Martinique|Santo_Domingo|Curacao|Port_of_Spain)$|^Atlantic\/Bermuda$/,
    "AST",
    "ADT",
  ],
  [/^(America\/St_Johns|Canada\/Newfoundland)$/, "NST", "NDT"],
  [/^(America\/Havana|Cuba)$/, "CST", "CDT"],
  [/^Pacific\/(Guam|Saipan)$/, "ChST", "ChST"],
  [/^Pacific\/(Pago_Pago|Midway|Samoa)$/, "SST", "SST"],
]
  .map(([pattern, standard, summer]) => [pattern as RegExp, standard as string, summer as string] as const)
  .filter(([, standard]) => standard !== "");

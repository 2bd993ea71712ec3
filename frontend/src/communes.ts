/** Names of communes by NIS code. A region is data: a code that is not here is shown as it is. */

type Names = { fr: string; nl: string };

const COMMUNES: Readonly<Record<string, Names>> = {
  "21001": { fr: "Anderlecht", nl: "Anderlecht" },
  "21002": { fr: "Auderghem", nl: "Oudergem" },
  "21003": { fr: "Berchem-Sainte-Agathe", nl: "Sint-Agatha-Berchem" },
  "21004": { fr: "Bruxelles", nl: "Brussel" },
  "21005": { fr: "Etterbeek", nl: "Etterbeek" },
  "21006": { fr: "Evere", nl: "Evere" },
  "21007": { fr: "Forest", nl: "Vorst" },
  "21008": { fr: "Ganshoren", nl: "Ganshoren" },
  "21009": { fr: "Ixelles", nl: "Elsene" },
  "21010": { fr: "Jette", nl: "Jette" },
  "21011": { fr: "Koekelberg", nl: "Koekelberg" },
  "21012": { fr: "Molenbeek-Saint-Jean", nl: "Sint-Jans-Molenbeek" },
  "21013": { fr: "Saint-Gilles", nl: "Sint-Gillis" },
  "21014": { fr: "Saint-Josse-ten-Noode", nl: "Sint-Joost-ten-Node" },
  "21015": { fr: "Schaerbeek", nl: "Schaarbeek" },
  "21016": { fr: "Uccle", nl: "Ukkel" },
  "21017": { fr: "Watermael-Boitsfort", nl: "Watermaal-Bosvoorde" },
  "21018": { fr: "Woluwe-Saint-Lambert", nl: "Sint-Lambrechts-Woluwe" },
  "21019": { fr: "Woluwe-Saint-Pierre", nl: "Sint-Pieters-Woluwe" },
};

/** English has no names of its own for them; it takes the French ones. */
export function communeName(code: string, language: "fr" | "nl" | "en"): string {
  const names = COMMUNES[code];
  return names === undefined ? code : language === "nl" ? names.nl : names.fr;
}

// German words for every code: what happened, and what to do.
import type { Code } from "./types";

const byItself = "Trayphone versucht es von selbst wieder.";

export const troubles: Record<Code, [string, string | null]> = {
  no_account: ["Es ist kein Konto eingerichtet.", "Bitte einmal anmelden."],
  secret_missing: ["Das Passwort liegt nicht im Schlüsselbund.", "Bitte noch einmal eingeben."],
  keyring_locked: ["Der Schlüsselbund ist gesperrt.", "Bitte entsperren; danach geht es von selbst weiter."],
  keyring_absent: ["Es läuft kein brauchbarer Schlüsselbund.", "Bitte einen starten; danach geht es von selbst weiter."],
  unreachable: ["Die Anlage ist nicht erreichbar.", byItself],
  timed_out: ["Die Anlage antwortet nicht.", byItself],
  dropped: ["Die Verbindung zur Anlage ist abgerissen.", byItself],
  busy: ["Die Anlage ist gerade überlastet.", byItself],
  not_a_pbx: ["Unter dieser Adresse antwortet keine solche Anlage.", "Bitte Adresse, Port und Art der Anlage prüfen."],
  certificate_unknown: ["Dem Zertifikat der Anlage vertraut dieser Rechner nicht.", "Bitte den Fingerabdruck vergleichen."],
  certificate_changed: ["Das Zertifikat ist nicht das angenommene.", "Bitte die Verwaltung fragen und den Fingerabdruck vergleichen."],
  credentials_refused: ["Die Anlage nimmt Benutzer und Passwort nicht an.", "Bitte noch einmal eingeben."],
  api_switched_off: ["Die Anlage lässt für dieses Konto keine Programme zu.", "Ihre Verwaltung kann den API-Zugang einschalten."],
  unknown_tenant_or_user: ["Die Anlage kennt diesen Benutzer oder Mandanten nicht.", "Bitte Nebenstelle und Mandant prüfen."],
  second_factor_needed: ["Die Anlage verlangt einen zweiten Faktor.", "Bitte die Verwaltung nach einem Zugang ohne fragen."],
  forbidden: ["Die Anlage erlaubt das diesem Benutzer nicht.", "Bitte die Verwaltung um das Recht bitten."],
  protocol: ["Die Verständigung ist gescheitert.", null],
  unsupported: ["Diese Anlage oder dieses Telefon kann das nicht von hier.", "Bitte am Telefon tun."],
  state_unknown: ["Der Stand des Anrufs ist unklar, daher wurde nichts gesendet.", "Kurz warten oder am Telefon tun."],
  no_such_call: ["Dieser Anruf ist vorbei.", "Es wurde nichts gesendet."],
  offline: ["Keine Verbindung zur Anlage; es wurde nichts gewählt oder gesendet.", "Bitte warten, bis sie wieder da ist."],
  rate_limited: ["Gerade wird schon eine Nummer gewählt.", "Bitte kurz warten."],
  policy_ask: ["Diese Nummer wird nur nach einem Ja gewählt.", null],
  policy_refuse: ["Diese Nummer wird von hier nicht gewählt.", "Es wurde nichts gewählt."],
  outcome_unknown: ["Es wurde gesendet, aber das Ergebnis ist unbekannt.", "Bitte erst am Telefon nachsehen."],
  refused_by_pbx: ["Die Anlage hat abgelehnt.", "Es hat sich nichts geändert."],
  wrong_usage: ["Das ist so nicht verständlich.", "Es wurde nichts getan."],
  not_available: ["Das gibt es hier nicht.", "Es wurde nichts getan."],
  no_agent: ["Trayphone läuft nicht.", "Bitte starten."],
  agent_hangs: ["Trayphone läuft, antwortet aber nicht.", "Bitte beenden und neu starten."],
};

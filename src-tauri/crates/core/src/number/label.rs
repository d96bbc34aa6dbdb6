//! The words around a number: what they say it is.

use super::chars::{self, Sign};

/// What the words in front of a number say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// A telephone number.
    Phone,
    /// Perhaps a telephone number: words such as `office` stand before other things as well.
    Loose,
    /// A fax number.
    Fax,
    /// Something else, such as an order number.
    Other,
    /// Nothing.
    None,
}

/// How far back words are looked at, in signs.
const FAR: usize = 40;

/// Words in front of telephone numbers, whole: a telephone bill is none.
const PHONE: &[&str] = &[
    "tel",
    "telefon",
    "telefonnummer",
    "telefonnr",
    "telefonisch",
    "telephone",
    "telefoon",
    "telefoonnummer",
    "telefono",
    "teléfono",
    "teléfonos",
    "téléphone",
    "tél",
    "tlf",
    "tfn",
    "tfno",
    "phone",
    "phones",
    "fon",
    "mobilnummer",
    "mobilnr",
    "mobiltelefon",
    "mobiltel",
    "mobiel",
    "móvil",
    "handynummer",
    "handynr",
    "cell",
    "cellphone",
    "celular",
    "cellulare",
    "rufnummer",
    "rufnr",
    "durchwahl",
    "dw",
    "festnetz",
    "festnetznummer",
    "komórka",
    "natel",
    "extension",
    "ext",
    "nebenstelle",
    "nst",
    "☎",
    "✆",
    "☏",
    "📞",
    "📱",
    "℡",
    "टेलीफोन",
    "फोन",
    "मोबाइल",
];
/// Words that stand before telephone numbers and before much else; they prove nothing.
const LOOSE: &[&str] = &[
    "ph",
    "handy",
    "call",
    "dial",
    "ring",
    "ruf",
    "rufen",
    "anruf",
    "anrufen",
    "zentrale",
    "t",
    "m",
    "p",
    "kom",
    "appelez",
    "appeler",
    "chiama",
    "chiamare",
    "llame",
    "llamar",
    "ligue",
    "zadzwoń",
    "bel",
    "whatsapp",
    "sms",
    "gsm",
    "portable",
    "numer",
    "apparat",
    "kontakt",
    "contact",
    "alarm",
    "support",
    "büro",
    "office",
    "home",
    "work",
    "direct",
    "direkt",
    "privat",
    "geschäftlich",
    "switchboard",
    "reception",
    "hotline",
    "mob",
    "notruf",
    "emergency",
    "urgence",
    "urgences",
    "emergenza",
    "emergencia",
    "emergencias",
    "emergência",
    "nödnummer",
    "mobil",
    "mobile",
    "mobilfunk",
];
const FAX: &[&str] = &["fax*", "telefax*", "telecopie", "télécopie", "ファックス", "传真"];
/// Things that have numbers of their own: alone, with a word for number, or as the front of such a word.
const OTHER: &[&str] = &[
    "order*",
    "invoice*",
    "rechnung*",
    "bestell*",
    "auftrag*",
    "kunden*",
    "customer*",
    "account*",
    "konto*",
    "iban",
    "bic",
    "blz",
    "vat*",
    "ust*",
    "uid",
    "steuer*",
    "tax*",
    "isbn*",
    "issn",
    "ean",
    "gtin",
    "sku",
    "artikel*",
    "article*",
    "ticket*",
    "case*",
    "vorgang*",
    "aktenzeichen",
    "az",
    "ref*",
    "hrb",
    "hra",
    "plz",
    "zip",
    "serial*",
    "serien*",
    "vertrag*",
    "contract*",
    "policy*",
    "police*",
    "versicherung*",
    "version",
    "ip",
    "commande*",
    "facture*",
    "siret",
    "siren",
    "tva",
    "client*",
    "ordine*",
    "fattura*",
    "iva",
    "fiscale",
    "pedido*",
    "factura*",
    "fatura*",
    "nif",
    "cif",
    "dni",
    "encomenda*",
    "cpf",
    "cnpj",
    "cep",
    "nota",
    "zamówieni*",
    "faktur*",
    "nip",
    "regon",
    "pesel",
    "krs",
    "bestelling*",
    "bestelnummer*",
    "factuur*",
    "btw",
    "kvk",
    "bsn",
    "klant*",
    "ordernummer*",
    "fakturanr",
    "orgnr",
    "organisationsnummer",
    "personnummer",
    "ocr",
    "bankgiro",
    "plusgiro",
    "gstin",
    "pan",
    "aadhaar",
    "tracking*",
    "sendung*",
    "parcel*",
    "id",
    "pin",
    "tan",
    "code",
    "po",
    "belegnr",
    "beleg*",
    "mandat*",
    "gläubiger*",
    "lieferschein*",
    "inventar*",
    "mitglied*",
    "member*",
    "passport*",
    "ausweis*",
    "charge*",
    "lot",
    "batch*",
    "part*",
    "job*",
    "project*",
    "projekt*",
    "patient*",
    "matrikel*",
    "sozialversicherung*",
    "ssn",
    "nhs",
    "crm",
    "imei",
    "imsi",
    "mac",
    "wkn",
    "isin",
    "umsatz*",
    "betrag",
    "amount",
    "total",
    "summe",
    "sum",
    "preis",
    "price",
    "quantity",
    "menge",
    "anzahl",
    "seite",
    "page",
    "zimmer",
    "room",
    "flight*",
    "flug*",
    "reservation*",
    "buchung*",
    "booking*",
    "cliente*",
    "cuenta*",
    "conta*",
    "akte*",
    "schaden*",
    "zähler*",
    "sn",
    "mat",
    "gerät*",
    "barcode",
    "kassenzeichen",
    "depot*",
    "los",
    "chip",
    "din",
    "fall",
    "sparkasse",
    "réf*",
    "dossier*",
    "polizza",
    "prot",
    "matricola",
    "polis*",
    "kenmerk",
    "utr",
    "acct",
];
/// What makes a word the name of a paper, wherever it stands in it.
const INSIDE: &[&str] = &["rechnung", "vertrag", "bestell"];
/// Ends of words for a kind of number, in languages that write them in one.
const NUMBER_ENDS: &[&str] = &["nummer", "nr", "nummern", "numret", "numero"];
/// Words between a label and its number.
const FILLERS: &[&str] = &[
    "no", "nr", "num", "number", "nummer", "numéro", "número", "numero", "n", "nº", "is", "ist", "lautet", "lautete", "est", "è",
    "es", "at", "under", "unter", "on", "me", "us", "uns", "mich", "or", "oder", "d", "e", "g", "der", "die", "das", "the", "at",
    "jest", "är", "to", "an", "my", "our", "your", "ihre", "meine", "unsere", "new", "neue", "bitte", "please", "sie", "o", "a",
    "c", "of", "für", "for",
];
const NUMBER_WORDS: &[&str] = &["no", "nr", "num", "number", "nummer", "numéro", "número", "nº", "n°", "n", "#"];
/// Signs of scripts that do not part words.
const PHONE_ENDS: &[&str] = &["電話", "电话", "電話番号", "携帯", "携帯電話", "代表", "連絡先", "手机", "전화", "tel"];
const OTHER_ENDS: &[&str] = &["番号", "伝票", "〒", "订单号", "주문번호"];
/// Units and words behind a count or a sum.
const UNITS: &[&str] = &[
    "eur",
    "euro",
    "euros",
    "usd",
    "gbp",
    "chf",
    "pln",
    "zł",
    "zl",
    "sek",
    "kr",
    "jpy",
    "yen",
    "inr",
    "brl",
    "rs",
    "dollar",
    "dollars",
    "cent",
    "cents",
    "ct",
    "pounds",
    "uhr",
    "km",
    "kg",
    "mm",
    "cm",
    "mb",
    "gb",
    "kb",
    "tb",
    "kwh",
    "mwh",
    "kw",
    "ml",
    "mg",
    "px",
    "stück",
    "stk",
    "pcs",
    "pieces",
    "prozent",
    "percent",
    "ppm",
    "hz",
    "khz",
    "mhz",
    "ghz",
    "bytes",
    "bit",
    "tage",
    "days",
    "stunden",
    "hours",
    "minuten",
    "minutes",
    "min",
    "sek",
    "sekunden",
    "seconds",
    "jahre",
    "years",
    "einwohner",
    "personen",
    "people",
    "users",
    "am",
    "pm",
    "mio",
    "mrd",
    "million",
    "millionen",
    "円",
    "元",
];
const MONEY: &[&str] = &["eur", "usd", "gbp", "chf", "pln", "sek", "jpy", "inr", "brl", "rs", "r"];

fn among(word: &str, list: &[&str]) -> bool {
    list.iter().any(|known| match known.strip_suffix('*') {
        Some(stem) => word.starts_with(stem),
        None => *known == word,
    })
}

/// The words in front of a place, in lower case, the nearest first; a line end counts only where nothing else stands between.
fn words_before(signs: &[Sign], place: usize) -> (Vec<String>, bool) {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut hash = false;
    let mut lines = 0;
    for sign in signs.get(place.saturating_sub(FAR)..place).unwrap_or_default().iter().rev() {
        let c = sign.plain;
        if c.is_alphabetic() || matches!(c, '☎' | '✆' | '☏' | '📞' | '📱' | '℡' | '〒' | 'º' | '°') {
            word.insert(0, c);
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word).to_lowercase());
        }
        match c {
            '\n' if !words.is_empty() || lines > 0 => return (words, hash),
            '\n' => lines += 1,
            '#' => hash = true,
            c if c.is_ascii_digit() => return (words, hash),
            _ => {}
        }
    }
    // A word cut off by the distance is not judged.
    if !word.is_empty() && place <= FAR {
        words.push(word.to_lowercase());
    }
    (words, hash)
}

/// Judges the words in front of a place.
pub(super) fn before(signs: &[Sign], place: usize) -> Label {
    let (words, hash) = words_before(signs, place);
    let mut numbered = false;
    let (mut fax, mut loose) = (false, false);
    for (distance, word) in words.iter().enumerate() {
        if distance > 4 {
            break;
        }
        if among(word, FAX) {
            // Tel/Fax: one number for both.
            fax = true;
            continue;
        }
        if among(word, PHONE) || PHONE_ENDS.iter().any(|end| word.ends_with(end)) {
            return Label::Phone;
        }
        if fax {
            break;
        }
        loose |= among(word, LOOSE);
        if INSIDE.iter().any(|part| word.contains(part)) {
            return Label::Other;
        }
        if OTHER_ENDS.iter().any(|end| word.ends_with(end)) {
            return Label::Other;
        }
        if NUMBER_WORDS.contains(&word.as_str()) {
            numbered = true;
            continue;
        }
        if among(word, OTHER) || NUMBER_ENDS.iter().any(|end| word.len() > end.len() && word.ends_with(end)) {
            return Label::Other;
        }
        if !FILLERS.contains(&word.as_str()) && !among(word, LOOSE) {
            break;
        }
    }
    match (fax, numbered || hash) {
        (true, _) => Label::Fax,
        (false, true) => Label::Other,
        (false, false) if loose => Label::Loose,
        (false, false) => Label::None,
    }
}

/// Tells whether a unit, a currency or a percent sign follows.
pub(super) fn is_count(signs: &[Sign], end: usize) -> bool {
    let mut rest = signs.get(end..).unwrap_or_default().iter().map(|s| s.plain).skip_while(|c| *c == ' ').peekable();
    if rest.peek().is_some_and(|c| chars::is_currency(*c) || matches!(c, '%' | '‰' | '°')) {
        return true;
    }
    let word: String = rest.take(14).take_while(|c| c.is_alphabetic()).collect();
    UNITS.contains(&word.to_lowercase().as_str())
}

/// Tells whether a sign or word of money stands directly in front.
pub(super) fn is_sum(signs: &[Sign], start: usize) -> bool {
    let front = signs.get(start.saturating_sub(6)..start).unwrap_or_default();
    let mut back = front.iter().rev().map(|s| s.plain).skip_while(|c| *c == ' ').peekable();
    if back.peek().is_some_and(|c| chars::is_currency(*c)) {
        return true;
    }
    let word: String = back.take_while(|c| c.is_alphabetic()).collect();
    let word: String = word.chars().rev().collect();
    MONEY.contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_words_say_what_a_number_is() {
        for (text, label) in [
            ("Tel. ", Label::Phone),
            ("Telefon-Nr.: ", Label::Phone),
            ("call us at ", Label::Loose),
            ("Order no. 17, Tel.: ", Label::Phone),
            ("Telefon:\n", Label::Phone),
            ("電話", Label::Phone),
            ("Tel/Fax: ", Label::Phone),
            ("Fax ", Label::Fax),
            ("Tel. 030 1, Fax: ", Label::Fax),
            ("order no. ", Label::Other),
            ("Bestell-Nr.: ", Label::Other),
            ("Kundennummer ", Label::Other),
            ("Ihre Rechnungsnummer lautet ", Label::Other),
            ("Invoice #", Label::Other),
            ("USt-IdNr. ", Label::Other),
            ("our order department: ", Label::None),
            ("Mara Beispiel ", Label::None),
            ("Tel. somewhere else in this town ", Label::None),
            ("", Label::None),
        ] {
            let signs = chars::prepare(text);
            assert_eq!(before(&signs, signs.len()), label, "{text}");
        }
    }
}

//! Where the sample people live: zones, languages and towns of the countries of an international network.

use super::names::{
    ARABIC, CHINESE, DUTCH, EAST_AFRICAN, ENGLISH, ETHIOPIAN, FILIPINO, FINNISH, FRENCH, FRENCH_AFRICAN, GERMAN, GREEK,
    INDIAN, INDONESIAN, ITALIAN, JAPANESE, KOREAN, NIGERIAN, NORDIC, Names, PACIFIC, POLISH, PORTUGUESE, ROMANIAN,
    SOUTHERN_AFRICAN, SPANISH, TURKISH, UKRAINIAN, VIETNAMESE,
};

/// A country and the sample people in it.
#[derive(Debug)]
pub(super) struct Country {
    /// ISO 3166-1 alpha-2.
    pub(super) code: &'static str,
    /// How many of the sample people live there.
    pub(super) people: usize,
    /// What they are called.
    pub(super) names: &'static [&'static Names],
    /// ISO 639-1: what people there speak first; each speaks one of these.
    pub(super) languages: &'static [&'static str],
    /// How many in a hundred speak English as well.
    pub(super) english: usize,
    /// Towns with their IANA zone.
    pub(super) towns: &'static [(&'static str, &'static str)],
}

/// A row of the table below.
const fn country(
    code: &'static str,
    people: usize,
    names: &'static [&'static Names],
    languages: &'static [&'static str],
    english: usize,
    towns: &'static [(&'static str, &'static str)],
) -> Country {
    Country { code, people, names, languages, english, towns }
}

/// As uneven as such networks are: one country has more than a fifth of everybody.
#[rustfmt::skip]
pub(super) const COUNTRIES: [Country; 50] = [
    country("US", 45, &[&ENGLISH, &ENGLISH, &ENGLISH, &SPANISH, &NIGERIAN, &CHINESE, &GERMAN], &["en"], 100, &[
        ("Boston", "America/New_York"), ("Atlanta", "America/New_York"), ("Pittsburgh", "America/New_York"),
        ("Milwaukee", "America/Chicago"), ("Houston", "America/Chicago"), ("Santa Fe", "America/Denver"),
        ("Portland", "America/Los_Angeles"), ("Oakland", "America/Los_Angeles"),
    ]),
    country("GB", 10, &[&ENGLISH, &ENGLISH, &INDIAN], &["en"], 100, &[("Leeds", "Europe/London"), ("Cardiff", "Europe/London"), ("Dundee", "Europe/London")]),
    country("CA", 8, &[&ENGLISH, &FRENCH, &CHINESE], &["en", "fr"], 90, &[("Halifax", "America/Halifax"), ("Montréal", "America/Toronto"), ("Winnipeg", "America/Winnipeg"), ("Vancouver", "America/Vancouver")]),
    country("DE", 8, &[&GERMAN, &GERMAN, &TURKISH], &["de"], 85, &[("Leipzig", "Europe/Berlin"), ("Bremen", "Europe/Berlin"), ("Freiburg", "Europe/Berlin")]),
    country("AU", 7, &[&ENGLISH, &VIETNAMESE, &ENGLISH], &["en"], 100, &[("Brisbane", "Australia/Brisbane"), ("Perth", "Australia/Perth"), ("Hobart", "Australia/Hobart")]),
    country("IN", 7, &[&INDIAN], &["hi", "ta", "bn"], 100, &[("Pune", "Asia/Kolkata"), ("Chennai", "Asia/Kolkata"), ("Kolkata", "Asia/Kolkata")]),
    country("BR", 6, &[&PORTUGUESE], &["pt"], 60, &[("Recife", "America/Recife"), ("Curitiba", "America/Sao_Paulo"), ("Belo Horizonte", "America/Sao_Paulo")]),
    country("NG", 5, &[&NIGERIAN], &["en"], 100, &[("Ibadan", "Africa/Lagos"), ("Enugu", "Africa/Lagos")]),
    country("ZA", 5, &[&SOUTHERN_AFRICAN], &["zu", "af", "xh"], 100, &[("Durban", "Africa/Johannesburg"), ("Stellenbosch", "Africa/Johannesburg")]),
    country("FR", 4, &[&FRENCH], &["fr"], 55, &[("Lyon", "Europe/Paris"), ("Rennes", "Europe/Paris")]),
    country("ES", 4, &[&SPANISH], &["es"], 55, &[("Sevilla", "Europe/Madrid"), ("Bilbao", "Europe/Madrid")]),
    country("MX", 4, &[&SPANISH], &["es"], 50, &[("Puebla", "America/Mexico_City"), ("Mérida", "America/Merida")]),
    country("IT", 4, &[&ITALIAN], &["it"], 100, &[("Bologna", "Europe/Rome"), ("Bari", "Europe/Rome")]),
    country("KE", 4, &[&EAST_AFRICAN], &["sw"], 100, &[("Nairobi", "Africa/Nairobi"), ("Kisumu", "Africa/Nairobi")]),
    country("JP", 4, &[&JAPANESE], &["ja"], 50, &[("Kyoto", "Asia/Tokyo"), ("Sendai", "Asia/Tokyo")]),
    country("AR", 3, &[&SPANISH, &ITALIAN], &["es"], 50, &[("Rosario", "America/Argentina/Cordoba"), ("Mendoza", "America/Argentina/Mendoza")]),
    country("CO", 3, &[&SPANISH], &["es"], 40, &[("Medellín", "America/Bogota"), ("Cali", "America/Bogota")]),
    country("PT", 3, &[&PORTUGUESE], &["pt"], 80, &[("Porto", "Europe/Lisbon"), ("Coimbra", "Europe/Lisbon")]),
    country("NL", 3, &[&DUTCH], &["nl"], 100, &[("Utrecht", "Europe/Amsterdam"), ("Groningen", "Europe/Amsterdam")]),
    country("SE", 3, &[&NORDIC], &["sv"], 100, &[("Uppsala", "Europe/Stockholm"), ("Malmö", "Europe/Stockholm")]),
    country("IE", 3, &[&ENGLISH], &["en"], 100, &[("Cork", "Europe/Dublin"), ("Galway", "Europe/Dublin")]),
    country("PL", 4, &[&POLISH], &["pl"], 100, &[("Kraków", "Europe/Warsaw"), ("Gdańsk", "Europe/Warsaw")]),
    country("TR", 3, &[&TURKISH], &["tr"], 100, &[("Ankara", "Europe/Istanbul"), ("İzmir", "Europe/Istanbul")]),
    country("PH", 3, &[&FILIPINO], &["tl"], 100, &[("Cebu City", "Asia/Manila"), ("Baguio", "Asia/Manila")]),
    country("ID", 3, &[&INDONESIAN], &["id"], 80, &[("Bandung", "Asia/Jakarta"), ("Makassar", "Asia/Makassar")]),
    country("CN", 3, &[&CHINESE], &["zh"], 100, &[("Nanjing", "Asia/Shanghai"), ("Chengdu", "Asia/Shanghai")]),
    country("NZ", 3, &[&ENGLISH, &PACIFIC], &["en"], 100, &[("Dunedin", "Pacific/Auckland"), ("Hamilton", "Pacific/Auckland")]),
    country("CL", 2, &[&SPANISH], &["es"], 50, &[("Valparaíso", "America/Santiago")]),
    country("PE", 2, &[&SPANISH], &["es"], 40, &[("Arequipa", "America/Lima")]),
    country("BE", 2, &[&DUTCH, &FRENCH], &["nl", "fr"], 85, &[("Gent", "Europe/Brussels"), ("Liège", "Europe/Brussels")]),
    country("CH", 2, &[&GERMAN, &FRENCH], &["de", "fr"], 90, &[("Bern", "Europe/Zurich"), ("Lausanne", "Europe/Zurich")]),
    country("AT", 2, &[&GERMAN], &["de"], 90, &[("Graz", "Europe/Vienna"), ("Linz", "Europe/Vienna")]),
    country("NO", 2, &[&NORDIC], &["no"], 100, &[("Bergen", "Europe/Oslo")]),
    country("DK", 2, &[&NORDIC], &["da"], 100, &[("Aarhus", "Europe/Copenhagen")]),
    country("FI", 2, &[&FINNISH], &["fi"], 100, &[("Tampere", "Europe/Helsinki")]),
    country("RO", 2, &[&ROMANIAN], &["ro"], 100, &[("Cluj-Napoca", "Europe/Bucharest")]),
    country("GR", 2, &[&GREEK], &["el"], 100, &[("Thessaloniki", "Europe/Athens")]),
    country("UA", 2, &[&UKRAINIAN], &["uk"], 100, &[("Lviv", "Europe/Kyiv")]),
    country("EG", 2, &[&ARABIC], &["ar"], 100, &[("Alexandria", "Africa/Cairo")]),
    country("MA", 2, &[&ARABIC], &["ar", "fr"], 50, &[("Rabat", "Africa/Casablanca")]),
    country("SN", 2, &[&FRENCH_AFRICAN], &["fr"], 30, &[("Dakar", "Africa/Dakar")]),
    country("CI", 2, &[&FRENCH_AFRICAN], &["fr"], 30, &[("Abidjan", "Africa/Abidjan")]),
    country("CM", 2, &[&FRENCH_AFRICAN], &["fr"], 50, &[("Yaoundé", "Africa/Douala")]),
    country("GH", 2, &[&NIGERIAN], &["en"], 100, &[("Kumasi", "Africa/Accra")]),
    country("KR", 2, &[&KOREAN], &["ko"], 100, &[("Daegu", "Asia/Seoul")]),
    country("VN", 2, &[&VIETNAMESE], &["vi"], 100, &[("Đà Nẵng", "Asia/Ho_Chi_Minh")]),
    country("UG", 1, &[&EAST_AFRICAN], &["sw"], 100, &[("Kampala", "Africa/Kampala")]),
    country("ET", 1, &[&ETHIOPIAN], &["am"], 90, &[("Addis Ababa", "Africa/Addis_Ababa")]),
    country("SG", 1, &[&CHINESE], &["zh"], 100, &[("Singapore", "Asia/Singapore")]),
    country("FJ", 1, &[&PACIFIC], &["fj"], 100, &[("Suva", "Pacific/Fiji")]),
];

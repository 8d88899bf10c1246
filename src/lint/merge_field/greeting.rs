//! How mail addresses its reader, folded, in the languages of Europe and a few beyond.

use super::letters::{end_of, folded, start_of};

/// What a name has to follow; a longer one before one that it begins with.
pub const BEFORE_A_NAME: &[&str] = &[
    "dearest",
    "dear",
    "my dear",
    "kara",
    "kaera",
    "basta",
    "kare",
    "bäste",
    "baste",
    "liebe/r",
    "liebe(r)",
    "lieber",
    "liebe",
    "sehr geehrte/r",
    "sehr geehrte(r)",
    "sehr geehrter",
    "sehr geehrte",
    "werte",
    "werter",
    "chers",
    "cheres",
    "chere",
    "cher(e)",
    "cher/chere",
    "cher·e",
    "cher",
    "beste",
    "geachte",
    "lieve",
    "kjaere",
    "kaere",
    "hyva",
    "rakas",
    "arvoisa",
    "estimado/a",
    "estimada",
    "estimado",
    "estimats",
    "estimat",
    "apreciado",
    "apreciada",
    "querida",
    "querido",
    "caro/a",
    "cara",
    "caro",
    "gentile",
    "egregio",
    "prezado(a)",
    "prezada",
    "prezado",
    "estimado(a)",
    "drogi",
    "droga",
    "szanowny",
    "szanowna",
    "mily",
    "mila",
    "vazeny",
    "vazena",
    "draha",
    "drahy",
    "kedves",
    "tisztelt",
    "draga",
    "dragi",
    "stimate",
    "stimata",
    "postovani",
    "postovana",
    "spostovani",
    "lugupeetud",
    "kallis",
    "cienijamais",
    "gerbiamas",
    "miela",
    "sayin",
    "sevgili",
    "уважаемыи",
    "уважаемая",
    "дорогои",
    "дорогая",
    "шановнии",
    "шановна",
    "скъпи",
    "скъпа",
    "уважаеми",
    "драги",
    "драга",
    "αγαπητε",
    "αγαπητη",
    "αγαπητε/η",
    "יקר",
    "عزيزي",
    "عزيزتي",
    "प्रिय",
    "亲爱的",
    "親愛的",
    "尊敬的",
    "kính gửi",
    "kinh gui",
    "than gui",
    "yth",
    "saudara",
    "a chara",
    "annwyl",
];

/// What a name may follow.
pub const BEFORE_NOBODY: &[&str] = &[
    "hi there",
    "hello there",
    "hiya",
    "hi",
    "hello again",
    "hello",
    "hey there",
    "hey",
    "good morning",
    "good afternoon",
    "good evening",
    "good day",
    "greetings",
    "welcome back",
    "welcome",
    "thank you",
    "thanks",
    "congratulations",
    "happy birthday",
    "hejsan",
    "hej igen",
    "hej",
    "tjena",
    "tja",
    "hei",
    "hallo",
    "halloechen",
    "moin",
    "servus",
    "gruezi",
    "gruss gott",
    "guten morgen",
    "guten abend",
    "guten tag",
    "willkommen",
    "bonjour",
    "bonsoir",
    "salut",
    "coucou",
    "bienvenue",
    "hoi",
    "dag",
    "goedemorgen",
    "goedemiddag",
    "goedendag",
    "goedenavond",
    "welkom",
    "god morgen",
    "god dag",
    "goddag",
    "god morgon",
    "valkommen",
    "tack",
    "grattis",
    "moi",
    "terve",
    "paivaa",
    "hyvaa paivaa",
    "hyvaa huomenta",
    "tervetuloa",
    "hola",
    "buenos dias",
    "buenas tardes",
    "bienvenido",
    "bienvenida",
    "ciao",
    "salve",
    "buongiorno",
    "buonasera",
    "benvenuto",
    "ola",
    "oi",
    "bom dia",
    "boa tarde",
    "bem-vindo",
    "czesc",
    "witaj",
    "dzien dobry",
    "witamy",
    "ahoj",
    "dobry den",
    "cau",
    "zdravime",
    "szia",
    "hello",
    "udvozoljuk",
    "buna ziua",
    "buna",
    "salutare",
    "bok",
    "zdravo",
    "pozdrav",
    "pozdravljeni",
    "zivjo",
    "tere",
    "sveiki",
    "sveicinati",
    "labas",
    "laba diena",
    "merhaba",
    "selam",
    "здравствуите",
    "привет",
    "добрыи день",
    "добро пожаловать",
    "вітаємо",
    "привіт",
    "добрии день",
    "доброго дня",
    "доброго ранку",
    "доброго вечора",
    "здравеи",
    "здравеите",
    "здраво",
    "γεια σου",
    "γεια σας",
    "γεια",
    "καλημερα",
    "χαιρετε",
    "שלום",
    "היי",
    "مرحبا",
    "اهلا",
    "नमस्ते",
    "สวัสดี",
    "xin chao",
    "chao",
    "halo",
    "hai",
    "selamat pagi",
    "kamusta",
    "jambo",
    "dia dhuit",
    "helo",
    "kaixo",
    "bon dia",
    "sael",
    "你好",
    "您好",
    "嗨",
    "こんにちは",
    "안녕하세요",
    "안녕",
    "willkommen zuruck",
    "happy anniversary",
    "herzlichen gluckwunsch",
    "joyeux anniversaire",
    "gefeliciteerd",
    "tillykke",
    "gratulerer",
    "feliz cumpleanos",
];

/// What may stand between a salutation and a name.
pub const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "mx", "dr", "prof", "herr", "frau", "herrn", "fru", "hr", "fr", "dhr", "mevr",
    "mevrouw", "heer", "sr", "sra", "pan", "pani", "panie", "panu", "sig", "signora", "signor",
];

/// What follows a name.
const AFTER_A_NAME: &[&str] = &["様", "さん", "さま", "님", "先生", "女士", "小姐"];

const LONGEST: usize = 48;

/// Whether a text begins with a salutation.
pub fn opens(text: &str) -> bool {
    split(text).is_some()
}

/// A salutation that the text begins with: what needs a name, and the rest of its line.
pub struct Opening<'a> {
    /// As the lists above have it.
    pub words: &'static str,
    pub needs_name: bool,
    pub rest: &'a str,
}

/// The salutation that a line begins with, its titles too.
pub fn split(line: &str) -> Option<Opening<'_>> {
    let begins = line.trim_start_matches(|own: char| own.is_whitespace() || "*_\"'¡".contains(own));
    let (words, needs_name, rest) = of(BEFORE_A_NAME, begins)
        .map(|(words, rest)| (words, true, rest))
        .or_else(|| of(BEFORE_NOBODY, begins).map(|(words, rest)| (words, false, rest)))?;
    Some(Opening { words, needs_name, rest })
}

/// What is left of a text after one of these words; the longest that fits.
pub fn of<'a>(phrases: &[&'static str], text: &'a str) -> Option<(&'static str, &'a str)> {
    let start = start_of(text, LONGEST);
    let plain = folded(start);
    let fits = |phrase: &&&'static str| {
        plain
            .strip_prefix(**phrase)
            .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric) || is_spaceless(phrase))
    };
    let phrase = phrases.iter().filter(fits).max_by_key(|phrase| phrase.len())?;
    // Folding may have changed the length: the same letters are counted in the text.
    let mut taken = 0;
    let end = start.char_indices().map(|(at, own)| at + own.len_utf8()).find(|end| {
        taken = folded(&start[..*end]).len();
        taken >= phrase.len()
    })?;
    Some((*phrase, &text[end..]))
}

/// Scripts that write no blanks.
fn is_spaceless(phrase: &str) -> bool {
    phrase.chars().any(|own| matches!(own, '\u{3040}'..='\u{9FFF}'))
}

/// Whether what stands before an opening is a salutation, at the start of a line or a sentence.
pub fn stands_before(text: &str) -> bool {
    let tail = end_of(text, LONGEST);
    let line = tail.rsplit(['\n', '.', '!', '?', '>', ':', ';', '–', '"']).next().unwrap_or(tail);
    let line = line.trim_end_matches(|own: char| own.is_whitespace() || "*_'\"“„«,".contains(own));
    if line.is_empty() {
        return false;
    }
    let Some(Opening { rest, .. }) = split(line) else { return false };
    let rest = folded(rest.trim_matches(|own: char| own.is_whitespace() || own == '.' || own == ','));
    rest.is_empty() || TITLES.contains(&rest.as_str())
}

/// Whether what follows a closing is said after names alone.
pub fn follows_a_name(text: &str) -> bool {
    AFTER_A_NAME.iter().any(|title| text.trim_start().starts_with(title))
}

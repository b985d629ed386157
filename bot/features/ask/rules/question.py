"""Reading a question: cleaning, small talk, language, follow-ups, and what kind of answer it wants."""

import re
import unicodedata

from bm25s import stopwords

from bot.features.ask.models import Intent

MAX_LENGTH = 1000
"""Characters of a question that are read; the encoder reads about that much."""

_MENTION = re.compile(r"<(?:@[!&]?|#|a?:\w+:|/[\w -]+:)\d+>|@(?:everyone|here)\b")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def clean(text: str) -> str:
    """The question as words: without mentions, custom emoji, links, code fences and invisible characters."""
    text = unicodedata.normalize("NFKC", text[: MAX_LENGTH * 4])
    text = _INVISIBLE.sub("", text)
    text = _MENTION.sub(" ", text)
    text = re.sub(r"https?://\S+", " ", text)
    text = text.replace("```", " ")
    return re.sub(r"\s+", " ", text).strip()[:MAX_LENGTH]


def has_words(text: str) -> bool:
    """Whether there is anything that can be looked up: two letters in a row of any script, or a number."""
    return bool(re.search(r"[^\W\d_]{2,}|\d", text))


_SMALL_TALK = re.compile(
    r"(?:(?:hi|hey|hello|hiya|yo|sup|good (?:morning|evening|night|bot|job|afternoon)|thanks?(?: you)?|thank you|thx|ty|cheers|"
    r"cool|nice|great|awesome|perfect|ok|okay|k|lol|lmao|haha|bye|goodbye|see you|gn|gm|test|testing|ping|"
    r"how are you(?: doing)?|what'?s up|wassup|who are you|what are you|are you (?:a )?(?:bot|human|real|ai|there)|"
    r"what can you do|help|so much|a lot|very much|everyone|all|there|again|tutor|bot|man|mate|for (?:the|your) help)"
    r"[\s,.!?:;)(\-]*)+",
    re.IGNORECASE,
)


def is_small_talk(text: str) -> bool:
    """Greetings, thanks and the like, and nothing else."""
    return bool(_SMALL_TALK.fullmatch(text))


_ENGLISH = frozenset(stopwords.STOPWORDS_EN_PLUS)
_OTHER_LANGUAGES = tuple(
    frozenset(words) - _ENGLISH
    for words in (
        stopwords.STOPWORDS_GERMAN,
        stopwords.STOPWORDS_FRENCH,
        stopwords.STOPWORDS_SPANISH,
        stopwords.STOPWORDS_PORTUGUESE,
        stopwords.STOPWORDS_ITALIAN,
        stopwords.STOPWORDS_DUTCH,
        stopwords.STOPWORDS_SWEDISH,
        stopwords.STOPWORDS_NORWEGIAN,
        stopwords.STOPWORDS_DANISH,
        stopwords.STOPWORDS_TURKISH,
        stopwords.STOPWORDS_RUSSIAN,
    )
)


def is_not_english(text: str) -> bool:
    """Whether the question is surely in another language: mostly another script, or its small words are foreign."""
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return False
    foreign_script = sum(
        not unicodedata.name(letter, "LATIN").startswith(("LATIN", "GREEK", "MATHEMATICAL")) for letter in letters
    )
    if foreign_script > len(letters) / 2:
        return True
    words = re.findall(r"[^\W\d_]+", text.casefold())
    english = sum(word in _ENGLISH for word in words)
    return any(sum(word in language for word in words) >= max(2, english + 1) for language in _OTHER_LANGUAGES)


_LEANS_BACK = re.compile(
    r"^(?:and|but|so|ok(?:ay)?|then|also|or|why(?: not)?\b.{0,12}$|how(?: so)?\b.{0,12}$|what about|how about|what if|which one|"
    r"in that case|instead|for example|like what|same|more|even|still|wait|hm+|ah|oh|really|is (?:that|it|this)|"
    r"does (?:that|it|this)|do they|can (?:it|that|they)|when (?:would|do|should) (?:i|you|we) (?:use )?(?:it|that)|"
    r"why (?:is|does|do|would|did) (?:that|it|this|they)|(?:an? )?example)\b",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(?:it|its|that|this|those|these|they|them|their|the (?:other|second|first|last) one|former|latter)\b",
    re.IGNORECASE,
)
_FOLLOW_UP_WORDS = 12


def is_follow_up(text: str) -> bool:
    """Whether a question needs the one before it to be understood: it is short and leans or points back."""
    words = text.split()
    if len(words) > _FOLLOW_UP_WORDS:
        return False
    return len(words) <= 2 or bool(_LEANS_BACK.match(text)) or bool(_POINTS_BACK.search(text))


_INTENTS: tuple[tuple[Intent, re.Pattern[str]], ...] = tuple(
    (intent, re.compile(pattern, re.IGNORECASE))
    for intent, pattern in (
        (
            Intent.COMPARISON,
            r"\bvs\.?\b|\bversus\b|\bdiffer(?:s|ent|ence|ences)?\b|\bcompared? (?:to|with)\b|\bsame (?:thing )?as\b|\bbetter than\b|"
            r"\bdistinguish\b|\bor (?:just )?\w+\W*$|\bconfus\w+ .*\b(?:and|with)\b|\b(?:is|are) \w+ (?:just|really|actually) (?:a |an )?\w+\W*$",
        ),
        (
            Intent.EXAMPLE,
            r"\bexamples?\b|\bby hand\b|\bwalk me through\b|\bwith numbers\b|\bnumeric(?:al)?\b|\bcalculate\b|\bcompute\b",
        ),
        (
            Intent.FORMULA,
            r"\bformula\b|\bequations?\b|\bderiv(?:e|ation)\b|\bmath(?:s|ematically)? (?:behind|of|for)\b|\bhow (?:is|do you) (?:it )?(?:calculated?|computed?)\b",
        ),
        (
            Intent.TROUBLE,
            r"\bnan\b|\binf\b|\bstuck\b|\berror\b|\bexplod\w*|\bdiverg\w*|\bnot (?:working|learning|training|improving|converging)\b|"
            r"\b(?:doesn'?t|dont|don'?t|won'?t|isn'?t) (?:work|learn|train|improve|converge|go down|move)\w*|\bwrong\b|\bfails?\b|\bcrash\w*|"
            r"\bout of memory\b|\boom\b|\bplateau\w*|\bmy (?:loss|val\w*|acc\w*|model|net\w*|agent|grad\w*|reward|training)\b|\bmistakes?\b|\bbug\b|\bhelp\b",
        ),
        (
            Intent.REASON,
            r"\bwhy\b|\bwhat for\b|\bpurpose\b|\bpoint of\b|\bwhat'?s the (?:use|idea|benefit)\b|\bneed\b|\breasons?\b|\bhow come\b|\bintuiti\w+",
        ),
        (
            Intent.PRACTICE,
            r"\bhow (?:do|can|should|would|to|many|much|big|large|small|long|often)\b|\bwhen (?:do|should|to|would|is)\b|\bshould i\b|\bwhich\b|\btypical\b|"
            r"\bgood (?:value|default|number|choice)\b|\bpytorch\b|\bcode\b|\bimplement\w*|\bin practice\b|\bchoose\b|\bpick\b|\buse\b|\bset\b|\bdefault\b",
        ),
        (
            Intent.DEFINITION,
            r"\bwhat(?:'?s| is| are| does| do)\b|\bdefin\w+|\bmean(?:s|ing)?\b|\bexplain\b|\beli5\b|\btell me\b|\bwtf is\b",
        ),
    )
)


def find_intent(text: str) -> Intent:
    """What kind of answer the question wants; a bare name asks for a definition."""
    for intent, pattern in _INTENTS:
        if pattern.search(text):
            return intent
    return Intent.DEFINITION if len(text.split()) <= 3 else Intent.GENERAL


def is_choice(text: str) -> bool:
    """Whether a question sets two things against each other: "SGD or Adam", "precision, recall, which?"."""
    return bool(re.search(r"\b(?:or|vs\.?|versus|and)\b", text, re.IGNORECASE)) and find_intent(text) in {
        Intent.COMPARISON,
        Intent.GENERAL,
        Intent.PRACTICE,
        Intent.DEFINITION,
    }

"""Reading a question: cleaning, small talk, language, follow-ups, and what kind of answer it wants."""

import re
import unicodedata

from bot.features.ask.models import Intent
from indexer.lexical_index import ENGLISH_SMALL_WORDS, FOREIGN_SMALL_WORDS, tokenise

MAX_LENGTH = 1000
"""Characters of a question that are read; the encoder reads about that much."""

_MENTION = re.compile(r"<(?:@[!&]?|#|a?:\w+:|/[\w -]+:)\d+>|<t:\d+(?::\w)?>|@(?:everyone|here)\b")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})
"""Unicode categories of characters that nobody sees, some of which a database refuses."""


def clean(text: str) -> str:
    """The question as words: without mentions, custom emoji, links, code fences and invisible characters."""
    text = unicodedata.normalize("NFKC", text[: MAX_LENGTH * 4])
    text = "".join(char for char in text if char.isspace() or unicodedata.category(char) not in _INVISIBLE)
    text = _MENTION.sub(" ", text)
    text = re.sub(r"<?https?://\S+", " ", text)
    text = text.replace("```", " ")
    return re.sub(r"\s+", " ", text).strip()[:MAX_LENGTH]


def has_words(text: str) -> bool:
    """Whether there is anything that can be looked up: two letters in a row of any script, or a number."""
    return bool(re.search(r"[^\W\d_]{2,}|\d", text))


_MANNER = re.compile(
    r"\b(?:(?:to me )?(?:like|as if) (?:i'?m|i am|i was|i were) (?:an? )?(?:five|5|six|10|ten|kid|child|beginner|dummy)"
    r"(?:[ -]years?[ -]old)?|in (?:simple|simpler|plain|easy|layman'?s?) (?:terms|words|english|language)|"
    r"(?:for|to) (?:dummies|a (?:kid|child|beginner|five[ -]year[ -]old))|eli5|simply|briefly)\b",
    re.IGNORECASE,
)
_SLANG = re.compile(r"\bw[au]t(?= (?:is|are|does|do|r)\b)", re.IGNORECASE)


def without_manner(text: str) -> str:
    """The question without how it wants to be answered, if that leaves a topic: "explain attention like I'm five"."""
    text = _SLANG.sub("what", text)
    plain = " ".join(_MANNER.sub(" ", text).split())
    return plain if tokenise(plain) else text


_SMALL_TALK = re.compile(
    r"[\W_]*(?:(?:hi|hey|hello|hiya|yo|sup|good (?:morning|evening|bot|job|afternoon)|"
    r"thanks?(?: you)?|thx|ty|cheers|yes|no|sure|got it|i see|makes sense|cool|nice|great|awesome|perfect|ok|okay|k|"
    r"lol|lmao|haha|bye|goodbye|cya|gn|gm|test|testing|ping|how are you(?: doing)?|what'?s up|wassup|"
    r"who are you|what are you|are you (?:a )?(?:bot|human|real|ai|there)|what can you do|help(?: me)?|"
    r"(?:it |that |this )?(?:really )?(?:help(?:ed|s|ful)|useful)(?: me)?|understood|"
    r"(?:it|that|this)(?:'?s| is| was)(?: (?:very|so|really))? (?:helpful|useful|clear|great|good|nice|perfect|all)|"
    r"sleep well|(?:good ?)?night|see you|later|tomorrow|now|for (?:today|now|tonight)|"
    r"so much|a lot|very much|everyone|all|there|again|tutor|bot|man|mate|for (?:the|(?:all )?your) (?:help|time))"
    r"(?:[\W_]+|$))+",
    re.IGNORECASE,
)
"""No two alternatives match the same words: a long message must not take exponential time."""


def is_small_talk(text: str) -> bool:
    """Greetings, thanks and the like, and nothing else."""
    return bool(_SMALL_TALK.fullmatch(text))


_ORDER_TO_THE_BOT = re.compile(
    r"\b(?:ignore|forget|disregard|override)\b.{0,30}\b(?:instructions?|rules?|prompts?|guidelines|above)\b|"
    r"\bsystem prompt\b|\byour (?:bot )?(?:token|password|secret|api key|config\w*|instructions|prompt|source code)\b|"
    r"\b(?:pretend|act|roleplay|behave) (?:to be|as|like|you(?:'?re| are))\b|\bfrom now on you\b|"
    r"\byou are now\b|\bjailbreak\b|"
    r"\b(?:write|do|finish|solve) (?:all )?(?:of )?my (?:whole |entire |complete )?(?:\w+ )?"
    r"(?:assignment|homework|essay|thesis|report|exam)\b|"
    r"\bfree nitro\b",
    re.IGNORECASE,
)


def is_order_to_the_bot(text: str) -> bool:
    """Attempts to change what the tutor is, to learn its secrets, or to have it do the learner's work."""
    return bool(_ORDER_TO_THE_BOT.search(text))


_FOREIGN_OPENING = re.compile(
    r"\W*(?:wie|wieso|warum|wann|welche[rs]?|was (?:ist|sind|bedeutet)|"
    r"pourquoi|quand|quelle?s?|c'est|qu'est|comment (?:est|fonctionne|faire|marche|se)|"
    r"cómo|como|qué|que es|por qu[eé]|cuándo|cuál|porque|quando|qual|o que|"
    r"perch[eé]|che cos|cos'è|come (?:funziona|si)|waarom|hur|varför|vad är|nasıl|neden)\b",
    re.IGNORECASE,
)
"""How a question starts in other languages; short ones have few other small words."""


def is_not_english(text: str) -> bool:
    """Whether the question is surely in another language: mostly another script, or its small words are foreign."""
    letters = [character for character in text if character.isalpha()]
    if not letters:
        return False
    foreign_script = sum(
        not unicodedata.name(letter, "LATIN").startswith(("LATIN", "GREEK", "MATHEMATICAL")) for letter in letters
    )
    if foreign_script > len(letters) / 2 or _FOREIGN_OPENING.match(text):
        return True
    words = re.findall(r"[^\W\d_]+", text.casefold())
    english = sum(word in ENGLISH_SMALL_WORDS for word in words)
    if foreign_script >= 2 and not english:
        return True
    return any(sum(word in language for word in words) >= max(2, english + 1) for language in FOREIGN_SMALL_WORDS)


_LEANS_BACK = re.compile(
    r"^(?:and|but|so|ok(?:ay)?|then|also|or|why(?: not)?\b.{0,12}$|how(?: so)?\b.{0,12}$|what about|how about|what if|"
    r"which one|in that case|instead|for example|like what|same|more|even (?:if|then|for|with)|still|wait|hm+|ah|oh|"
    r"really|is (?:that|it|this)|does (?:that|it|this)|do they|can (?:it|that|they)|"
    r"when (?:would|do|should) (?:i|you|we) (?:use )?(?:it|that)|why (?:is|does|do|would|did) (?:that|it|this|they)|"
    r"(?:an? )?example\W*$|explain (?:more|again|simpl\w+)|tell me more|in (?:simpler|other|plain) words)\b",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(
    r"\b(?:it|its|this|those|these|they|them|their|the (?:other|second|first|last) one|former|latter)\b|"
    r"(?:^|\b(?:of|is|does|do|did|was|would|like|in|for|about|with|than|to|by|from|and|but|why|how|on|use|explain) )"
    r"that\b|\bthat\W*$",  # not "a function that is smooth"
    re.IGNORECASE,
)
_POINTS_NOWHERE = re.compile(
    r"\bit (?:mean|bad|good|ok|okay|possible|better|necessary|useful|normal|wrong|safe|make sense|an? \w+ idea) "
    r"(?:to|if|that)\b|\bthis (?:curriculum|course|server|channel|bot)\b",
    re.IGNORECASE,
)
"""Words that seem to point back but do not: "what does it mean to overfit"."""
_FOLLOW_UP_WORDS = 12


def is_follow_up(text: str) -> bool:
    """Whether a question needs the one before it to be understood: it is short and leans or points back."""
    text = _POINTS_NOWHERE.sub("", text)
    words = text.split()
    if len(words) > _FOLLOW_UP_WORDS:
        return False
    return len(words) <= 2 or bool(_LEANS_BACK.match(text)) or bool(_POINTS_BACK.search(text))


_WHAT_IS_A_NAME = re.compile(
    r"(?:what(?:'?s| is| are)|define) (?!.*\b"
    r"(?:differen\w+|vs\.?|versus|or|and|examples? of|formula|equation|derivation|behind|"
    r"wrong|my|point|purpose|use|idea|benefit|reason|intuition|typical|good|best|better|default)\b)"
    r"(?:an? |the )?[\w-]+(?: [\w-]+){0,2}\W*",
    re.IGNORECASE,
)
"""Asks what something is, whatever words its name has: "what is generalisation error"."""

_INTENTS: tuple[tuple[Intent, re.Pattern[str]], ...] = tuple(
    (intent, re.compile("|".join(patterns), re.IGNORECASE))
    for intent, patterns in (
        (
            Intent.COMPARISON,
            (
                r"\bvs\.?\b|\bversus\b|\bdiffer(?:s|ent|ence|ences)?\b|\bcompared? (?:to|with)\b",
                r"\bsame (?:thing )?as\b|\bbetter than\b|\bdistinguish\b|\bconfus\w+ .*\b(?:and|with)\b",
                r"\bor (?:just )?\w+\W*$",
                r"\b(?:is|are) (?:an? |the )?\w+ (?:just|really|actually) (?:an? |the )?\w+(?: \w+)?\W*$",
            ),
        ),
        (
            Intent.EXAMPLE,
            (
                r"\bexamples?\b|\bby hand\b|\bwalk me through\b|\bwith numbers\b|\bnumeric(?:al)?\b",
                r"\bcalculate\b|\bcompute\b",
            ),
        ),
        (
            Intent.FORMULA,
            (
                r"\bformula\b|\bequations?\b|\bderiv(?:e|ation)\b|\bmath(?:s|ematically)? (?:behind|of|for)\b",
                r"\bhow (?:is|are) .{0,40}\b(?:calculated|computed|derived)\b",
            ),
        ),
        (
            Intent.TROUBLE,
            (
                r"\bnan\b|\binf\b|\bstuck\b|\berror\b|\bexplod\w*|\bdiverg\w*|\bplateau\w*|\bwrong\b|\bfails?\b|\bcrash\w*",
                r"\bnot (?:working|learning|training|improving|converging)\b|\bout of memory\b|\boom\b",
                r"\b(?:doesn'?t|dont|don'?t|won'?t|isn'?t) (?:work|learn|train|improve|converge|go down|move)\w*",
                r"\bmy (?:loss|val\w*|acc\w*|model|net\w*|agent|grad\w*|reward|training)\b",
                r"\bmistakes?\b|\bbug\b|\bhelp\b(?! me (?:to )?(?:understand|see|get)\b)",
            ),
        ),
        (
            Intent.REASON,
            (
                r"\bwhy\b|\bwhat for\b|\bpurpose\b|\bpoint of\b|\bwhat'?s the (?:use|idea|benefit)\b|\breasons?\b",
                r"\bhow come\b|\bintuiti\w+|^(?!how many|how much|which|what).*\bneed(?:ed)?\b",
            ),
        ),
        (
            Intent.PRACTICE,
            (
                r"\bhow (?:do|can|should|would|to|many|much|big|large|small|long|often)\b|\bshould i\b|\bwhich\b",
                r"\bwhen (?:do|should|to|would|is)\b|\btypical\b|\bgood (?:value|default|number|choice)\b|\bpytorch\b",
                r"\bcode\b|\bimplement\w*|\bin practice\b|\bchoose\b|\bpick\b|\buse\b|\bset\b|\bdefault\b",
            ),
        ),
        (
            Intent.DEFINITION,
            (
                r"\bwhat(?:'?s| is| are| does| do)\b|\bdefin\w+|\bmean(?:s|ing)?\b|\bexplain\b|\beli5\b|\btell me\b",
                r"\bwtf is\b|\bunderstand\b",
            ),
        ),
    )
)
"""The first that matches counts."""


def find_intent(text: str) -> Intent:
    """What kind of answer the question wants; a bare name asks for a definition."""
    if _WHAT_IS_A_NAME.fullmatch(text):
        return Intent.DEFINITION
    for intent, pattern in _INTENTS:
        if pattern.search(text):
            return intent
    return Intent.DEFINITION if len(text.split()) <= 3 else Intent.GENERAL


_SHORT_CHOICE = 8


def is_choice(text: str) -> bool:
    """Whether a question sets two things against each other: "SGD or Adam", "precision and recall, which?".

    In a long question "and" only joins what it is about, and at the beginning it follows up what was asked before.
    """
    joins = re.search(r"\w\W+and\b", text, re.IGNORECASE) and len(text.split()) <= _SHORT_CHOICE
    sets_apart = joins or re.search(r"\b(?:or|vs\.?|versus)\b", text, re.IGNORECASE)
    return bool(sets_apart) and find_intent(text) in {
        Intent.COMPARISON,
        Intent.GENERAL,
        Intent.PRACTICE,
        Intent.DEFINITION,
    }

"""What the tutor answers in fixed words of its own, before any search: how it is used, and when somebody is low.

A pattern of `_DIRECTIONS` has to match the whole message, without greetings and the like, so that a question of the
subject is searched: "how do I start training a GAN" is not "how do I start".
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from bot.features.ask.models import Saying

COMMAND = re.compile(r"\{([a-z ]+)\}")
"""Where a saying names a command."""

NEXT = Saying("Your next step", "{next} names the one thing to do now on your path, with the reason.")
START = Saying(
    "Where to begin",
    "{start} asks a minute of questions, so that your path fits you. Then {next} names the first thing to do.",
    note="steps/practical-encounter",
)
PROGRESS = Saying("Where you are", "{progress show} shows where you are on the path, as a picture and in words.")
QUIZ = Saying("Practice", "{quiz} asks you a few questions on what you have met so far, or on a topic that you choose.")
CHECKIN = Saying(
    "Check-ins",
    "In a check-in you tell your study group once a week how your plan went and what comes next. "
    "I ask in your group's thread; {checkin} shows what is open, what you can make up, and your rhythm.",
    needs_server=True,
)
WEEKLY = Saying(
    "The weekly quiz",
    "The admins of a server choose whether there is a weekly quiz, and where and when I post it. "
    "Until the next one, {quiz} asks you a few questions whenever you like.",
    is_weekly=True,
)
GROUPS = Saying(
    "Study groups",
    "{group list} shows the study groups of this server, where you can join one; {group match} looks for one that "
    "fits you, and {group create} makes a new one.",
    needs_server=True,
    note="concepts/study-group",
    quote="look for partners",
)
LEAVE_GROUP = Saying(
    "Your study group",
    "{group leave} takes you out of your study group. {group pause} is for being away for a while.",
    needs_server=True,
)
PRIVACY = Saying(
    "Your data",
    "{privacy show} says what I keep about you and for how long, {privacy export} sends it to you as a file, "
    "and {privacy delete} deletes it.",
)
SKIP = Saying(
    "Skipping a part",
    "{progress skip} takes a lesson, or a whole resource, off your path, and {progress undo} brings it back.",
)
COMPLETE = Saying(
    "Marking a part as done",
    "{progress complete} marks a lesson, or a whole resource, as done, and {progress undo} takes that back. "
    "**Finished** below {next} does the same for your present one.",
)
HELP = Saying(
    "How I work",
    "Ask me about deep learning or the curriculum, and I answer with quotes from my notes and links to the lesson or "
    "chapter. {help} lists everything that I can do, and {next} names your next step.",
)
REMINDER = Saying(
    "Reminders",
    "I can remind you of questions that are due, in a direct message and at most once a day: "
    "open {review} and press **Remind me**.",
)
WRONG = Saying(
    "About your answer to a question",
    "Below a question that you have answered stands the explanation. If you still think that your answer is right, "
    "press **Challenge this question** below it, and a person looks at it.",
)
NO_CODE = Saying(
    "I write no code",
    "I quote my notes and write no programs; writing it yourself is what teaches you. Ask me about one piece of it, "
    "such as *what does a training loop look like?*",
)
TOOLS = Saying(
    "Learning a library",
    "My notes explain ideas with short pieces of PyTorch, and are no course in a library. Ask me about one piece, such "
    "as *what does a training loop look like?*, or begin with {start}: you meet PyTorch on the path.",
)
HARM = Saying(
    "Please talk to somebody",
    "I am only a study tool. Please talk to somebody you trust, or to the emergency or crisis line of your country.",
)
LOW = Saying(
    "That feeling is common, and it passes",
    "Take a break, or do the smallest piece: {next}. If one thing blocks you, tell me which, in a few words.",
    note="steps/practical-encounter",
    quote="exhausted",
    takes_topic=True,
)
STUCK = Saying(
    "Everybody gets stuck, and it passes",
    "Tell me in a few words what blocks you, such as *my loss is NaN* or *what is a gradient?* "
    "Or take a break, and then do the smallest piece: {next}.",
    note="concepts/getting-unstuck",
)
INSULT = Saying(
    "I am sorry that I was of no help",
    "Try naming the topic or the symptom in a few other words, or ask a person here.",
)
THANKS = Saying("Glad it helped", "{next} when you want to go on.")
GOODBYE = Saying("See you", "Rest is part of learning. {next} when you want to go on.")
FINE = Saying("Good", "{next} when you want to go on.")

# Directions: the whole message, in lower case, without apostrophes and punctuation

_DO = r"(?:should|shall|do|can|could|must|would|may)"
_WHEN = r"(?:next|now|today|tonight|tomorrow|this (?:week|weekend|evening|morning|afternoon)|from here|after this)"
_WORK = r"(?:do|learn|study|read|watch|work on|practi[cs]e|tackle|go on with|continue with)"
_ON_PATH = r"(?: (?:for me|to do|to learn|on (?:my|the) path|in (?:my|the) (?:curriculum|course|path)))*"
_NEW = (
    r"(?:im (?:(?:completely|totally|brand|very|quite) )?(?:new|a (?:complete |total |absolute )?(?:beginner"
    r"|newbie|noob))"
    r"(?: (?:here|to (?:this|all this|all of this|deep learning|ai|ml|machine learning)|in this server))*"
    r"|i(?: have)? just joined(?: (?:here|this server|the server|today))?)"
)
_FIELD = (
    r"(?: (?:(?:with|in|at|on|learning|studying) )*(?:this|here|you|all this|deep learning|the (?:curriculum"
    r"|course|path|program))"
    r"| learning| studying| from (?:zero|scratch|the beginning)| as a (?:complete |total |absolute )?(?:beginner"
    r"|newbie|noob))*"
)
_GROUP = r"(?:an? |the |my |some |other |another )?(?:study |learning )?(?:groups?|partners?|budd(?:y|ies))"
_STUDY_GROUP = r"(?:an? |the |some |other )?(?:study|learning) (?:groups?|partners?|budd(?:y|ies))"
_PART = (
    r"(?:a |the |this |that |my |one )?(?:lessons?|parts?|units?|chapters?|videos?|resources?|something"
    r"|things|step|steps)(?: \d+)?"
)
_DATA = (
    r"(?:(?:all|all of) )?(?:my|our) (?:personal )?(?:data|account|history|messages|questions|answers"
    r"|information|info)"
)
_CHECKIN = r"(?:(?:the|my|our|a|this|next|weekly) )*check ?ins?"
_ASK_FOR = r"(?:(?:can|could|will|would) you |i (?:want|need|would like|d like)(?: you)? (?:to )?)?"

_DIRECTIONS: Sequence[tuple[Saying, tuple[str, ...]]] = (
    (
        NEXT,
        (
            rf"what {_DO} i {_WORK}(?: {_WHEN})+|(?:any idea )?what i should {_WORK}(?: {_WHEN})+",
            rf"what to {_WORK}(?: {_WHEN})+",
            rf"(?:and )?(?:whats )?(?:what )?(?:comes )?next{_ON_PATH}|what now|now what",
            rf"(?:whats )?(?:my|the) next (?:step|lesson|thing|task|part){_ON_PATH}",
            r"(?:which|what) (?:lesson|step|part) (?:is|comes) next(?: for me)?",
            rf"(?:where|how) {_DO} i (?:continue|go on|pick up|proceed|go)(?: {_WHEN})*",
            (
                r"i (?:dont know|have no idea|m not sure) (?:what|how)(?: i should)?(?: to)? (?:do|learn|study|go on"
                r"|continue)"
                rf"(?: {_WHEN})*"
            ),
            (
                r"(?:ive|i(?: have)?)(?: got)? (?:an?|one|two|half an|some|\d+) (?:free )?(?:hours?"
                r"|min(?:ute)?s?|time)"
                rf"(?: free)?(?: {_WHEN})?(?: what {_DO} i do)?"
            ),
        ),
    ),
    (
        START,
        (
            (
                rf"(?:{_NEW} )?(?:and |so |but )?(?:where|how|when) {_DO} i (?:even )?(?:start|begin"
                rf"|get started){_FIELD}"
            ),
            rf"(?:{_NEW} )?(?:where|how) to (?:start|begin|get started){_FIELD}",
            rf"(?:{_NEW} )?what {_DO} i (?:start|begin) with|what {_DO} i (?:do|learn|study) (?:first|to start)",
            rf"{_NEW}(?: (?:what (?:now|next|should i do|do i do)|help(?: me)?))?",
        ),
    ),
    (
        PROGRESS,
        (
            (
                r"where am i(?: (?:on|in|at|now|right now|currently|(?:the|my|this) (?:path|curriculum|course"
                r"|journey)))*"
            ),
            r"how far along am i",
            (
                r"how far (?:am i|have i (?:come|got|gotten|gone))(?: (?:along|now|already|on|in|(?:the|my) (?:path"
                r"|curriculum)))*"
            ),
            r"(?:whats|show(?: me)?|see|check)?(?: ?my) (?:progress|status|level|standing|current step|path)",
            rf"how {_DO} i (?:see|check|view|find|track|look up|show) (?:my progress|how far i am|where i am)",
            r"(?:which|what) (?:step|part|lesson) am i (?:on|in|at)(?: now)?",
            r"how am i doing(?: so far)?|am i (?:on track|on schedule|behind)(?: schedule)?",
            r"how much (?:have i done|is left|do i have left|is there left)(?: for me| to do)*",
        ),
    ),
    (
        QUIZ,
        (
            rf"{_ASK_FOR}(?:quiz|test|examine) (?:me|my knowledge)(?: (?:on|about) (?!the (?:test|train)).{{2,40}})?",
            (
                rf"{_ASK_FOR}(?:give|ask|show) me (?:a |an |some |another |a few )?(?:quiz|test|exercises?|questions?"
                rf"|practi[cs]e questions?)"
                r"(?: (?:on|about) .{2,40})?"
            ),
            (
                rf"(?:how|where) {_DO} i (?:practi[cs]e|test myself|quiz myself|take a quiz|do a quiz|get quizzed)"
                r"(?: what i (?:have )?learn(?:ed|t))?"
            ),
            (
                r"i (?:want|need|would like|d like) (?:a quiz|to be (?:quizzed|tested)|to (?:test|quiz) myself"
                r"|to practi[cs]e)"
            ),
            (
                r"(?:do you have|are there)(?: any| some)? (?:quiz(?:zes)?|exercises|tests|questions)(?: for me)?"
                r"|a quiz|quiz"
            ),
        ),
    ),
    (
        CHECKIN,
        (
            (
                rf"(?:how|where|when) (?:do|can|should|must) (?:i|we|you) (?:check ?in|(?:do|make|write|send|post"
                rf"|fill in) {_CHECKIN})"
            ),
            (
                rf"(?:whens|whats|when are|what are|when do|how do|what does|where are|wheres) {_CHECKIN}"
                r"(?: (?:about|for|work|due|happen|mean))?|when do we have (?:our |the )?check ?ins?"
            ),
            (
                r"what happens (?:in|at) (?:a|the) check ?in|whats this check ?in(?: thing)?|do (?:i"
                r"|we) have to check ?in(?: every week)?"
            ),
            rf"how {_DO} i (?:edit|change|make up|catch up on|repair|open|find) {_CHECKIN}",
            rf"i(?: have)? (?:missed|forgot) {_CHECKIN}(?: what (?:now|do i do|should i do))?|{_CHECKIN}",
        ),
    ),
    (
        WEEKLY,
        (
            (
                r"(?:when|where)(?:s| is| do i find| can i find| will|) (?:the "
                r"|our )?(?:next )?weekly quiz(?: (?:posted|be|coming))?"
            ),
            (
                r"whens the next quiz|when does the (?:next |weekly )*quiz (?:come|start|begin)|"
                r"(?:whats|how does) the weekly quiz(?: work)?|weekly quiz"
            ),
        ),
    ),
    (LEAVE_GROUP, (rf"how {_DO} i (?:leave|get out of|quit) {_GROUP}",)),
    (
        GROUPS,
        (
            (
                rf"(?:how|where) {_DO} (?:i|we) (?:join|make|create|find|get|start|form|open|set up|get into"
                rf"|look for) {_GROUP}"
                r"(?: here| in this server)?"
            ),
            rf"how to (?:join|make|create|find|start|form|set up) {_STUDY_GROUP}",
            rf"(?:where|how) {_DO} i find (?:people|somebody|someone|others) to (?:study|learn) with",
            (
                rf"(?:is there|are there|do you have)(?: any)? {_STUDY_GROUP}(?: (?:for me|here|i can join"
                rf"|that i can join))*"
            ),
            rf"(?:can|could) you find me {_STUDY_GROUP}",
            rf"(?:can|may|could) i (?:join|make|create|start) {_GROUP}",
            (
                rf"(?:i (?:want|need|would like|d like)|i?m looking for|looking for)(?: to (?:join|make|create|start"
                rf"|find))? {_STUDY_GROUP}"
            ),
        ),
    ),
    (
        PRIVACY,
        (
            (
                r"what(?: data| information| info)? do you (?:store|keep|save|know|remember|collect|log|record"
                r"|have)(?: (?:about|of|on)) (?:me|us)"
            ),
            r"what(?: personal)? (?:data|information|info) do you (?:store|keep|save|collect|log|record|have)",
            (
                rf"(?:how|where) {_DO} i (?:delete|erase|remove|see|view|export|download"
                rf"|get) {_DATA}(?: (?:from )?here)?"
            ),
            (
                rf"(?:can|could|please)? ?(?:you |i )?(?:delete|erase|remove|forget|export) (?:{_DATA}|(?:everything"
                rf"|all|what you know) about me)"
            ),
            (
                r"(?:who|which people|can (?:the )?(?:admins?|mods?|others|people|anybody|anyone)) (?:can )?(?:see"
                r"|sees|read|reads) "
                r"my (?:questions|data|check ?ins?|progress|answers|messages)"
            ),
            (
                rf"(?:is|are) {_DATA} (?:private|anonymous|stored|saved|safe|kept|public)|what happens (?:to"
                rf"|with) {_DATA}"
            ),
            r"do you (?:store|save|keep|read|log|record) (?:my|our) (?:messages|questions|data|chats?|answers)",
            r"(?:do you have a |whats your |your )?privacy(?: policy)?|gdpr",
        ),
    ),
    (
        SKIP,
        (
            (
                rf"(?:how|where) {_DO} i (?:skip|leave out|jump over) {_PART}(?: (?:i"
                rf"|that i)(?: already)? know(?: already)?)?"
            ),
            r"(?:can|may|could) i (?:skip|leave out) (?:a|this|that|one) (?:lesson|part|unit|chapter|video)",
        ),
    ),
    (
        COMPLETE,
        (
            (
                rf"(?:how|where) {_DO} i (?:mark|tick|set|check) {_PART}(?: off)?(?: as)?(?: (?:done|complete"
                rf"|completed|finished))?"
            ),
            (
                rf"(?:how|where) {_DO} i (?:tell you|say|log|record)(?: that)? (?:i(?: have| am|ve)?|im) (?:done"
                rf"|finished|completed|did)"
                rf"(?: with)?(?: {_PART})?"
            ),
            (
                rf"(?:how|where) {_DO} i (?:complete|finish|tick off|log|record) (?:a |the |this |my )?(?:lesson"
                rf"|part|unit)"
            ),
            (
                rf"i(?:ve| have)?(?: just| already)? (?:finished|completed|did|done) (?:a|the|this|my) (?:lesson"
                rf"|part|unit"
                rf"|chapter|video)"
                rf"(?: (?:what now|now what|whats next|what next|what {_DO} i do now))?"
            ),
        ),
    ),
    (
        HELP,
        (
            r"whats this bot(?: for)?|what does (?:this|the) (?:bot|tutor) do",
            r"how (?:does|do) (?:this|the|your) (?:bot|tutor|server|app|tool) work|how (?:do|does) you work",
            (
                rf"(?:what|how) (?:can|could|do) (?:you|this bot|the bot|the tutor)(?: do| help)(?: (?:for )?me)?"
                rf"|how {_DO} i use (?:you|(?:this|the) (?:bot|tutor))"
            ),
            (
                r"(?:what (?:are|is) |whats |show(?: me)? |list )?(?:all )?(?:the |your "
                r"|available )*commands(?: (?:are there|do you have))?"
            ),
            r"what (?:commands|features) (?:do you have|are there)",
        ),
    ),
    (
        REMINDER,
        (
            (
                rf"{_ASK_FOR}(?:remind me|set (?:me )?(?:a|an) (?:reminder|alarm))"
                r"(?: (?:again|please))*(?: (?:to|about|of) (?:study|learn|learning|studying|practi[cs]e"
                r"|review|repeat"
                r"|work|this|it|go on|continue)(?: .{2,30})?)?"
                r"(?: (?:for )?(?:tomorrow|later|daily|weekly|tonight|every (?:day|week|morning|evening)|next week|"
                r"in (?:an?|\d+|one|two|three|a few) (?:minutes?|hours?|days?|weeks?)|on [a-z]+day|at \d.{0,10}"
                r"|in the (?:morning|evening)))*"
            ),
            r"(?:can|do|will) you (?:send|give) (?:me )?(?:a )?reminders?",
        ),
    ),
    (
        WRONG,
        (
            (
                r"why (?:did i get|was|is|did you mark|do you mark) (?:i |my |this |that |the |last )*(?:question"
                r"|answer|quiz)"
                r"(?: (?:marked )?(?:as )?(?:wrong|incorrect|false))|why (?:was|am) i wrong|why did i get (?:it|this"
                r"|that) wrong"
            ),
            (
                r"(?:i (?:think|believe) )?(?:that )?(?:this|the|that|my|your) (?:last )?(?:quiz )?(?:question|answer"
                r"|answer key|key|quiz) "
                r"(?:is|was) (?:wrong|incorrect|not right)"
            ),
            (
                rf"(?:how|where) {_DO} i (?:challenge|report|dispute|appeal|flag) (?:a|the|this|that"
                rf"|an) (?:wrong )?(?:question|answer)"
            ),
        ),
    ),
    (
        NO_CODE,
        (
            (
                r"(?:(?:can|could|will|would) you )?(?:write|code|program|generate|build|create|implement"
                r"|make) (?:me |us )?"
                r"(?:an? |the |some |my |all )?(?:[a-z0-9]+ ){0,4}?(?:script|program|code|notebook|app"
                r"|implementation)(?: .*)?"
            ),
            r"(?:(?:can|could|will|would) you )?(?:write|code|program|implement) (?:.{1,60} )?for me",
            (
                r"(?:(?:can|could|will|would) you )?(?:fix|debug|review|check|correct) my (?:code|script|program"
                r"|notebook)"
            ),
        ),
    ),
    (
        TOOLS,
        (
            (
                rf"(?:how|where) (?:to|{_DO} i) (?:get started|start|begin|learn)(?: with| in)? "
                r"(?:pytorch|tensorflow|python|keras|jax|numpy)"
            ),
        ),
    ),
    (
        STUCK,
        (
            (
                r"(?:help )?im (?:(?:so|really|totally|completely|just) )*(?:stuck|lost|confused|blocked)(?: (?:here"
                r"|again|now|help|help me))*"
            ),
            (
                r"(?:help )?i(?: have)? got stuck|i cant (?:get|move|go) (?:on|any further|further|anywhere)"
                r"|nothing works"
            ),
        ),
    ),
    (
        LOW,
        (
            (
                r"(?:this|it|that|everything|deep learning|the (?:maths?|lesson|step|course|curriculum))s?(?: is"
                r"| feels| seems)? "
                r"(?:(?:just|way|all|much|really|so) )*(?:too (?:hard|difficult|much|complicated|advanced)"
                r"|overwhelming|frustrating|impossible)"
                r"(?: for me)?"
            ),
            (
                r"i hate (?:this|it|maths?|everything)|i (?:just )?cant (?:do (?:this|it)|keep up"
                r"|take it)(?: any ?more)?"
            ),
            (
                r"im (?:(?:so|really|just|very|too) )*(?:tired|exhausted|frustrated|sad|down|overwhelmed|stressed"
                r"|unmotivated)"
                r"(?: (?:of|with|by) (?:this|it|everything|all this))?"
            ),
            (
                r"i (?:just )?(?:dont|do not) (?:understand|get) (?:anything|any of this|a (?:single )?(?:word"
                r"|thing))(?: of this)?"
            ),
            (
                r"(?:maybe )?(?:i )?(?:should|shall|can|may|better)(?: i)? (?:just |better )?(?:give up|quit"
                r"|stop(?: learning"
                r"| studying)?)(?: (?:now|on this|learning|studying|deep learning))*"
            ),
            (
                r"i dont (?:think|believe)(?: that)? i(?: can(?: ever)?|ll ever) (?:do|learn|understand|manage"
                r"|make) (?:this|it)"
            ),
            r"(?:everyone|everybody) (?:else )?(?:is|seems) (?:so much |much )?(?:better|smarter|faster) than me",
            r"am i too (?:old|slow)(?: (?:for|to learn) .{2,30})?",
            r"i (?:give up|quit|am giving up)(?: (?:now|on this))?|im giving up",
        ),
    ),
)

_FILLER_BEFORE = re.compile(
    r"(?:hi|hey|hello|ok|okay|so|well|um|hmm|tutor|bot|thanks|sorry|and|but|then|there|quick question|"
    r"(?:can|could) (?:you|somebody|someone|anyone)(?: please)? tell me|tell me|do you know|question|i wonder) "
)
_FILLER_AFTER = re.compile(r" (?:thanks|thank you|then|exactly|actually|though|in this server|on this server|anyway)")
_SPELT: Mapping[str, str] = {
    r"\b(?:wat|wut)\b": "what",
    r"\b(?:wher|were(?= (?:do|am) i\b))\b": "where",
    r"\bu\b": "you",
    r"\b(?:ur|youre)\b": "you are",
    r"\bi am\b": "im",
    r"\bi (?:wanna)\b": "i want to",
    r"\bwhat is\b": "whats",
    r"\bwhen is\b": "whens",
    r"\bwhere is\b": "wheres",
    r"\bdo not\b": "dont",
    r"\bcan ?not\b": "cant",
}


def _bare(text: str) -> str:
    """In lower case, without apostrophes, and with one spelling of what has several."""
    text = re.sub(r"['’`´]", "", text.casefold())
    text = " ".join(re.sub(r"[^\w]+", " ", text).split())
    for pattern, spelling in _SPELT.items():
        text = re.sub(pattern, spelling, text)
    return text


def _without_fillers(text: str) -> str:
    text = " ".join(re.sub(r"\b(?:please|pls|plz)\b", " ", text).split())
    while match := _FILLER_BEFORE.match(text):
        text = text[match.end() :]
    while match := re.search(rf"{_FILLER_AFTER.pattern}$", text):
        text = text[: match.start()]
    return text


# Moods: words that may stand anywhere in a message

_SELF = r"(?:i feel|i (?:always )?felt|im|feeling|makes? me feel|am i)"
_VERY = (
    r"(?: (?:so|too|really|just|very|such|like|an?|the|simply|always|completely|kind of|pretty|being|a bit"
    r"|probably|maybe))*"
)
_MOODS: Sequence[tuple[Saying, re.Pattern[str]]] = tuple(
    (saying, re.compile("|".join(patterns)))
    for saying, patterns in (
        (
            HARM,
            (
                r"\b(?:kill|killing|hurt|hurting|harm|harming|cut|cutting) myself\b|\bkms\b",
                (
                    r"\bi(?:m)? (?:(?:just|really|only|do) )*(?:want|wish|going|ready)(?: (?:to|i)(?: (?:could|was"
                    r"|were))?)? (?:die|be dead|dead)\b"
                ),
                (
                    r"\b(?:end my life|take my (?:own )?life|better off dead|no reason to live|im suicidal"
                    r"|feel(?:ing)? suicidal)\b"
                ),
                r"\bi (?:just )?(?:dont|no longer) want to (?:live|be alive|exist|wake up)\b",
                (
                    r"\b(?:i|im|me|my)\b.*\b(?:commit|about|of|committing) suicide\b|\bi self harm\b"
                    r"|\bi want to end it(?: all)?$"
                ),
            ),
        ),
        (
            INSULT,
            (
                (
                    r"\bfuck (?:you|off|this bot)\b|^(?:fuck|shut up|stfu|screw you|go to hell|idiot|moron)$"
                    r"|\byou (?:really |just )?suck\b"
                    r"|\bshut up\b"
                ),
                (
                    r"\byou are(?: (?:an?|such|so|just|really|the|too|all|completely|totally))* "
                    r"(?:(?:fucking|damn|worst) )*(?:stupid|dumb|useless|idiot(?:ic)?|terrible|awful|trash|garbage"
                    r"|shit(?:ty)?|worthless|moron)\b"
                ),
                r"\b(?:stupid|dumb|useless|bad|shitty|worst|fucking|idiotic|crap) (?:[a-z]+ )?(?:bot|tutor)\b",
                (
                    r"\byour? answers? (?:is|was|are|were) (?:(?:so|really|totally|completely) )*(?:useless|stupid"
                    r"|garbage|trash|shit|crap)\b"
                ),
                (
                    r"\b(?:this|the) (?:bot|tutor) (?:(?:is|really|so|just|totally) )*(?:sucks?|useless|stupid|dumb"
                    r"|shit|trash|garbage|terrible)\b"
                ),
            ),
        ),
        (
            LOW,
            (
                (
                    rf"\b{_SELF}{_VERY} (?:stupid|dumb|idiot|hopeless|worthless|failure|loser|discouraged|demotivated"
                    rf"|burn(?:t|ed) out|"
                    r"depressed|not (?:smart|clever|good|intelligent) enough)\b(?: (?:for (?:this|that|it)"
                    r"|to (?:learn|understand|get) this))?"
                ),
                (
                    r"\bi (?:really |just |think i |might |will |sometimes )*(?:want|feel like|am about|need"
                    r"|would like)(?: to)? (?:give|giving|quit|quitting)\b(?: up)?"
                ),
                (
                    r"\b(?:and )?(?:i )?want to (?:give up|quit)\b|\bi(?:m| am) (?:about to|close to"
                    r"|going to) (?:give up|giving up|quit|quitting)\b"
                ),
                (
                    r"\bim not (?:smart|clever|good|intelligent) enough\b(?: for (?:this|that))?|\bi (?:have|lost"
                    r"|lack)(?: (?:no|all|my|any))* motivation\b"
                ),
            ),
        ),
    )
)
_TABLE: Sequence[tuple[Saying, re.Pattern[str]]] = tuple(
    (saying, re.compile("|".join(f"(?:{pattern})" for pattern in patterns))) for saying, patterns in _DIRECTIONS
)


def find_own_words(text: str) -> tuple[Saying, str] | None:
    """What the tutor says by itself, and what else the message says; None for what should be searched."""
    bare = _bare(text)
    for saying, mood in _MOODS:
        if mood.search(bare):
            return saying, " ".join(mood.sub(" ", bare).split())
    asked = _without_fillers(bare)
    return next(((saying, "") for saying, pattern in _TABLE if pattern.fullmatch(asked)), None)


_TALK: Sequence[tuple[Saying, re.Pattern[str]]] = (
    (THANKS, re.compile(r"\b(?:thanks?|thx|ty|cheers|help(?:ed|s|ful)|useful|good (?:bot|job))\b")),
    (HELP, re.compile(r"\bhelp\b")),
    (GOODBYE, re.compile(r"\b(?:bye|goodbye|see you|cya|gn|(?:good ?)?night|sleep well)\b")),
    (
        FINE,
        re.compile(
            r"\b(?:ok|okay|k|got it|i see|makes sense|understood|cool|nice|great|awesome|perfect|yes|sure|good"
            r"|clear)\b"
        ),
    ),
)
_GREETING = re.compile(r"\b(?:hi|hey|hello|hiya|yo|sup|good (?:morning|evening|afternoon)|how are you|gm)\b")


def find_talk(text: str) -> Saying | None:
    """What answers small talk, which the text is known to be; None for a greeting."""
    text = text.casefold()
    found = next((saying for saying, pattern in _TALK if pattern.search(text)), None)
    return None if found is FINE and _GREETING.search(text) else found


def all_sayings() -> Iterator[Saying]:
    """Every saying that there is."""
    yield from (saying for saying, _ in (*_DIRECTIONS, *_MOODS))
    yield from (THANKS, GOODBYE, FINE)


def commands_in(saying: Saying) -> tuple[str, ...]:
    """The commands that a saying names."""
    return tuple(COMMAND.findall(saying.text))

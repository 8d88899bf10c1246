-- The first schema. SQLite; migrations/postgres holds the same tables under the same names.
-- Times are microseconds since 1970 (UTC), ids are UUIDv7 in 16 octets, hashes are raw octets.
-- Every table that holds a sender's data names the sender in it (invariant 15).

-- Where each node's journal of noes stands (invariant 14).
CREATE TABLE journals (
    node     BLOB NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL, -- number of the last no that is in the journal and here
    mark     BIGINT NOT NULL, -- grows; a smaller one than the node remembers tells a restored backup
    standing TEXT NOT NULL    -- in_step, behind, lost, unchecked
) WITHOUT ROWID;

-- What the database knows of itself: fingerprints of the keys that it belongs to.
CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE credentials (
    id          BLOB NOT NULL PRIMARY KEY,
    sender      TEXT NOT NULL,
    name        TEXT NOT NULL,
    role        TEXT NOT NULL,
    streams     TEXT NOT NULL, -- comma between
    secret_hash TEXT NOT NULL, -- argon2id, PHC string
    created_at  BIGINT NOT NULL,
    revoked_at  BIGINT
);
CREATE UNIQUE INDEX credentials_in_force ON credentials (sender, name) WHERE revoked_at IS NULL;

-- Keys that sign links, wrapped by the seal key.
CREATE TABLE link_keys (
    id         BIGINT NOT NULL PRIMARY KEY,
    state      TEXT NOT NULL,
    key        BLOB NOT NULL,
    created_at BIGINT NOT NULL
);

-- Keys that seal the queue's bodies and addresses, one a day (days since 1970), wrapped by the seal key.
CREATE TABLE spool_keys (
    day        BIGINT NOT NULL PRIMARY KEY,
    key        BLOB NOT NULL,
    created_at BIGINT NOT NULL
);

-- One address known to one sender. Erased: key and address are gone, the hash and the state stay (invariant 12).
CREATE TABLE subscribers (
    id          BLOB NOT NULL PRIMARY KEY,
    sender      TEXT NOT NULL,
    lookup_hash BLOB NOT NULL,
    version     BIGINT NOT NULL, -- of the youngest event; 0 without any
    state       TEXT NOT NULL,   -- projection: fold(consent_events) as JSON
    key         BLOB,            -- the subscriber's own, wrapped by the seal key
    address     BLOB,            -- sealed under the subscriber's own key
    suppressed  TEXT,            -- projection: why, comma between; null while nothing blocks
    created_at  BIGINT NOT NULL,
    erased_at   BIGINT
);
-- One living row, and any number of tombstones. Its order is that of chance, so that there must be no second one.
CREATE UNIQUE INDEX subscribers_found ON subscribers (sender, lookup_hash, coalesce(erased_at, 0));
CREATE INDEX subscribers_suppressed ON subscribers (sender, id) WHERE suppressed IS NOT NULL;

-- The history: append-only, but that an erasure takes the evidence away.
CREATE TABLE consent_events (
    id          BLOB NOT NULL PRIMARY KEY,
    sender      TEXT NOT NULL,
    subscriber  BLOB NOT NULL REFERENCES subscribers (id),
    version     BIGINT NOT NULL, -- the subscriber's, after this event
    kind        TEXT NOT NULL,
    body        TEXT NOT NULL,   -- the event as JSON, without evidence
    evidence    BLOB,            -- sealed under the subscriber's own key
    occurred_at BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX consent_events_in_order ON consent_events (subscriber, version);
-- Whose address it was that a row stands for.
CREATE INDEX consent_events_left ON consent_events (json_extract(body, '$.kind.left')) WHERE kind = 'address_changed';

-- What people ask for by right. It holds nothing personal, and stays as the proof that it was met.
CREATE TABLE requests (
    id          BLOB NOT NULL PRIMARY KEY,
    sender      TEXT NOT NULL,
    subscriber  BLOB NOT NULL, -- the id outlives an erasure
    kind        TEXT NOT NULL,   -- access, rectification, erasure, restriction, objection
    state       TEXT NOT NULL,   -- open, done, refused
    received_at BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    ended_at    BIGINT,
    steps       TEXT NOT NULL    -- JSON: [{at, by, what}]
) WITHOUT ROWID;
CREATE INDEX requests_of_sender ON requests (sender, id);
CREATE INDEX requests_of_person ON requests (sender, subscriber);
-- What waits is counted without the rows.
CREATE INDEX requests_counted ON requests (sender, state, due_at);

-- What a whole campaign's messages share, once by its SHA-256 (invariant 16).
CREATE TABLE message_facts (
    hash BLOB NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
);

-- A message as submitted, without anything about a person: it outlives the content.
CREATE TABLE messages (
    id          BLOB NOT NULL PRIMARY KEY,
    sender      TEXT NOT NULL,
    kind        TEXT NOT NULL, -- submitted, dsn, own
    credential  TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    facts       BLOB,          -- message_facts.hash
    policy      TEXT NOT NULL, -- hash of the policy set that decided
    sha256      BLOB NOT NULL, -- of the content
    size        BIGINT NOT NULL,
    return_to   BLOB,          -- the tool's envelope sender, sealed under the spool key of its deliveries' day
    message_id  BLOB           -- eight octets of an HMAC of its Message-ID, if it came with one
) WITHOUT ROWID;

-- What only sending needs; goes with the message's last open delivery.
CREATE TABLE contents (
    message   BLOB NOT NULL PRIMARY KEY,
    spool_day BIGINT NOT NULL,
    envelope  BLOB NOT NULL, -- envelope sender and trace as JSON, sealed under the day's spool key
    content   BLOB NOT NULL  -- sealed likewise
);
CREATE INDEX contents_by_day ON contents (spool_day);

-- Deliveries that share their fate. An id begins with the class of the lane's stream (functional first), so that
-- the index of what is due is in the order of serving; no id is ever given twice. A lane in which nothing waits and
-- that nobody used for months goes.
CREATE TABLE lanes (
    id       INTEGER NOT NULL PRIMARY KEY,
    sender   TEXT NOT NULL,
    stream   TEXT NOT NULL,
    provider TEXT NOT NULL,
    campaign TEXT NOT NULL,
    credential TEXT NOT NULL, -- that submitted it; empty of mail of our own
    kind     TEXT NOT NULL, -- submitted, dsn, own: not every upstream takes a dsn
    used_at  BIGINT NOT NULL,
    UNIQUE (sender, stream, provider, campaign, credential, kind)
);
CREATE INDEX lanes_used ON lanes (used_at);
CREATE INDEX lanes_of_campaign ON lanes (sender, campaign, kind);

-- Campaigns, the empty name being that of messages that name none. Each node counts in rows of its own, so that none
-- waits for another. A row that nothing was added to for months goes.
CREATE TABLE campaigns (
    sender   TEXT NOT NULL,
    campaign TEXT NOT NULL,
    node     BLOB NOT NULL,
    messages BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    PRIMARY KEY (sender, campaign, node)
) WITHOUT ROWID;
CREATE INDEX campaigns_by_age ON campaigns (last_at);

-- Hosts of what looks like pixels and tracked links in a campaign's messages and is named by no policy, each once, with
-- the first message that had it. Bounded: the oldest stay. They go with their campaign.
CREATE TABLE campaign_hosts (
    sender   TEXT NOT NULL,
    campaign TEXT NOT NULL,
    kind     TEXT NOT NULL, -- pixel, link
    host     TEXT NOT NULL,
    message  BLOB NOT NULL,
    first_at BIGINT NOT NULL,
    PRIMARY KEY (sender, campaign, kind, host)
) WITHOUT ROWID;

-- One recipient's copy, from its verdict to its outcome.
CREATE TABLE deliveries (
    id              BLOB NOT NULL PRIMARY KEY,
    message         BLOB NOT NULL,
    sender          TEXT NOT NULL,
    lane            BIGINT NOT NULL,
    subscriber      BLOB,
    lookup_hash     BLOB NOT NULL,
    recipient       BLOB,            -- sealed under the day's spool key
    spool_day       BIGINT NOT NULL,
    size            BIGINT NOT NULL, -- of the content, so that a claim can bound what it opens
    spooled_at      BIGINT NOT NULL,
    state           TEXT NOT NULL,   -- queued, held, claimed, or an outcome
    next_attempt_at BIGINT NOT NULL,
    deadline        BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    fence           BIGINT NOT NULL, -- grows with every claim
    node            BLOB,            -- whose claim it is
    upstream        TEXT,            -- by which it was last claimed to leave; NULL of what was claimed to end
    lease_until     BIGINT,
    last_response   TEXT,
    reason          TEXT,
    ended_at        BIGINT,
    -- Of a copy that was relayed: whether its pixels and tracked links were kept or taken_out, how many pixels went and
    -- how many links were changed, and how many stayed because nothing tells where they lead.
    tracking        TEXT,
    pixels          BIGINT,
    links           BIGINT,
    opaque          BIGINT
) WITHOUT ROWID;
CREATE INDEX deliveries_of_message ON deliveries (message);
CREATE INDEX deliveries_of_person ON deliveries (sender, lookup_hash);
-- A sender's pages look at the sender's rows alone, the open ones beside all that have ended.
CREATE INDEX deliveries_of_sender ON deliveries (sender, id);
CREATE INDEX deliveries_open_of_sender ON deliveries (sender, id) WHERE state IN ('queued', 'held', 'claimed');
CREATE INDEX deliveries_due ON deliveries (lane, next_attempt_at) WHERE state IN ('queued', 'held');
CREATE INDEX deliveries_by_deadline ON deliveries (deadline) WHERE state IN ('queued', 'held');
CREATE INDEX deliveries_claimed ON deliveries (lane, lease_until) WHERE state = 'claimed';
-- What waits or is in hand, for listings and for counting without the rows: the ended ones are many times more.
CREATE INDEX deliveries_open ON deliveries (id, state) WHERE state IN ('queued', 'held', 'claimed');
-- Outcomes by day.
CREATE INDEX deliveries_ended ON deliveries (ended_at) WHERE ended_at IS NOT NULL;
-- What became of a campaign, counted without the rows.
CREATE INDEX deliveries_ended_of_lane ON deliveries (lane, state, tracking, pixels, links, opaque, ended_at)
    WHERE ended_at IS NOT NULL;

-- What was taken within the last day, so that a tool that lost our reply and tries again is answered with the
-- first id and the message is sent once (invariant 10).
CREATE TABLE submissions (
    sender      TEXT NOT NULL,
    lookup_hash BLOB NOT NULL,
    fingerprint BLOB NOT NULL, -- SHA-256 over credential and content
    delivery    BLOB NOT NULL,
    message     BLOB NOT NULL,
    taken_at    BIGINT NOT NULL,
    PRIMARY KEY (sender, lookup_hash, fingerprint)
) WITHOUT ROWID;
CREATE INDEX submissions_by_age ON submissions (taken_at);

-- Marketing that was claimed for a person, of senders with frequency caps. What takes a place under a cap is told by
-- the delivery's state alone (in hand to leave, or relayed), so that nothing can keep a place or take two.
CREATE TABLE mailings (
    sender      TEXT NOT NULL,
    lookup_hash BLOB NOT NULL,
    delivery    BLOB NOT NULL,
    scope       TEXT,
    claimed_at  BIGINT NOT NULL, -- by its youngest claim
    PRIMARY KEY (sender, lookup_hash, delivery)
) WITHOUT ROWID;
CREATE INDEX mailings_by_age ON mailings (claimed_at);

-- What came back of a copy, each kind once, however often it is told. It goes with its delivery.
CREATE TABLE returns (
    delivery    BLOB NOT NULL,
    kind        TEXT NOT NULL,   -- hard, soft, policy, content, spam_block; complaint, unsubscribed; passed_on
    sender      TEXT NOT NULL,
    lookup_hash BLOB NOT NULL,
    times       BIGINT NOT NULL, -- that it was told
    first_at    BIGINT NOT NULL,
    PRIMARY KEY (delivery, kind)
) WITHOUT ROWID;
CREATE INDEX returns_of_person ON returns (sender, lookup_hash);

-- Mails that ask an address to confirm, over all senders: nobody may bomb an address by signing it up. What takes a
-- place under the limit is in hand to leave (told by the delivery's state) or was taken (sent_at).
CREATE TABLE confirmations (
    lookup_hash BLOB NOT NULL,
    delivery    BLOB NOT NULL,
    sender      TEXT NOT NULL,
    claimed_at  BIGINT NOT NULL, -- by its youngest claim; when it was spooled, before any
    sent_at     BIGINT,
    PRIMARY KEY (lookup_hash, delivery)
) WITHOUT ROWID;
CREATE INDEX confirmations_by_age ON confirmations (claimed_at);

-- When letters of ours went out that anybody with a link can have sent: for a person, and to an address that others name.
CREATE TABLE letters (
    key     BLOB NOT NULL PRIMARY KEY, -- keyed hash of whom they count for
    sent    TEXT NOT NULL,           -- JSON: times
    used_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX letters_by_age ON letters (used_at);

-- What all verdicts of a kind share (scope, stream, jurisdiction, rule, text), once by its SHA-256.
CREATE TABLE rulings (
    hash BLOB NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
);

-- Every policy set that was ever in force, once by the hash that decisions cite; its files' texts once each.
CREATE TABLE policy_sets (
    hash    TEXT NOT NULL PRIMARY KEY,
    files   TEXT NOT NULL, -- JSON: [[name, SHA-256 of the text in hex], …]
    kept_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE TABLE policy_files (
    hash BLOB NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
);

-- One decision: round 0 at intake; else the fence of the claim that decided again, where it differed.
-- A delivery's id is a UUIDv7, so the primary key is also the index by day.
CREATE TABLE verdicts (
    delivery     BLOB NOT NULL,
    round        BIGINT NOT NULL,
    sender       TEXT NOT NULL,
    subscriber   BLOB,
    version      BIGINT NOT NULL, -- the subscriber's, that the verdict rests on
    verdict      TEXT NOT NULL,
    reason       TEXT,
    ground       TEXT,
    ground_event BLOB,
    policy       TEXT NOT NULL,
    ruling       BLOB NOT NULL,   -- rulings.hash
    decided_at   BIGINT NOT NULL,
    -- JSON: what bore on it beside policy and consent (what caps counted); null where nothing did
    circumstances TEXT,
    tracking_event BLOB,         -- the fact that pixels and tracked links stay or go by
    PRIMARY KEY (delivery, round)
) WITHOUT ROWID;

-- What was taken from each limit: paced ones keep a theoretical arrival time, quotas keep buckets; the row of a
-- concurrency (per = hand) holds nothing and is there to be locked.
CREATE TABLE limits (
    counter TEXT NOT NULL,
    per     TEXT NOT NULL,   -- second, minute, hour, day, hand
    tat     BIGINT NOT NULL, -- GCRA's theoretical arrival time
    buckets TEXT NOT NULL,   -- number of the bucket:permits taken, blank between
    used_at BIGINT NOT NULL,
    PRIMARY KEY (counter, per)
) WITHOUT ROWID;

-- Paces that have given way, by who resists: an upstream, or the recipients' mailbox provider. A row goes once the
-- whole pace is back.
CREATE TABLE throttles (
    party           TEXT NOT NULL,   -- upstream, provider
    name            TEXT NOT NULL,
    share           BIGINT NOT NULL, -- what is left of the pace at changed_at, in millionths
    changed_at      BIGINT NOT NULL, -- from then on it comes back
    slowed_at       BIGINT NOT NULL,
    pace            BIGINT NOT NULL, -- permits a minute that were taken before it was slowed
    suspended_until BIGINT,
    cause           TEXT NOT NULL,   -- what was heard, without addresses
    PRIMARY KEY (party, name)
) WITHOUT ROWID;

-- What followers hear beside facts, outcomes and requests: that a copy came back, that marketing stopped or goes on. It
-- goes with the outcomes of its time.
CREATE TABLE incidents (
    id     BLOB NOT NULL PRIMARY KEY,
    sender TEXT NOT NULL,
    at     BIGINT NOT NULL,
    body   TEXT NOT NULL -- JSON, nothing personal
) WITHOUT ROWID;

-- What became of marketing, for the brakes: by campaign and provider (the empty one is all that no group names), in steps
-- of ten minutes. Each node counts in rows of its own, so that none waits for another.
CREATE TABLE tallies (
    sender     TEXT NOT NULL,
    step       BIGINT NOT NULL, -- number since 1970
    campaign   TEXT NOT NULL,
    provider   TEXT NOT NULL,
    node       BLOB NOT NULL,
    relayed    BIGINT NOT NULL,
    bounced    BIGINT NOT NULL,
    complained BIGINT NOT NULL,
    PRIMARY KEY (sender, step, campaign, provider, node)
) WITHOUT ROWID;
CREATE INDEX tallies_by_age ON tallies (step);
CREATE INDEX tallies_of_campaign ON tallies (sender, campaign, step);
CREATE INDEX tallies_of_provider ON tallies (provider, step) WHERE provider <> '';

-- When a pause was ended: brakes judge by what came since.
CREATE TABLE resumed (
    kind   TEXT NOT NULL,
    sender TEXT NOT NULL,
    name   TEXT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (kind, sender, name)
) WITHOUT ROWID;

-- Marketing that an operator, a brake or a response paused, until it is resumed.
CREATE TABLE pauses (
    kind    TEXT NOT NULL,   -- campaign, sender, provider
    sender  TEXT NOT NULL,   -- empty where the kind has none
    name    TEXT NOT NULL,   -- of the campaign, which may be empty, or of the provider
    whose   TEXT NOT NULL,   -- weakest: what rests on a soft opt-in; everybodys
    paused_by TEXT NOT NULL, -- operator, brake, response
    cause   TEXT NOT NULL,
    since   BIGINT NOT NULL,
    PRIMARY KEY (kind, sender, name)
) WITHOUT ROWID;

-- How far a From domain has come in warming up, with each mailbox provider by each upstream. A row that nothing was taken
-- from for months goes: the domain is unknown again.
CREATE TABLE warm_ups (
    domain   TEXT NOT NULL,
    upstream TEXT NOT NULL,
    provider TEXT NOT NULL,
    day      BIGINT NOT NULL, -- since 1970, of UTC
    step     BIGINT NOT NULL, -- of the curve
    taken    BIGINT NOT NULL, -- by messages of that day, in hand or gone
    PRIMARY KEY (domain, upstream, provider)
) WITHOUT ROWID;

-- What a call with an Idempotency-Key was answered, for a day, so that it is done once however often it is made.
CREATE TABLE answers (
    key     BLOB NOT NULL PRIMARY KEY, -- HMAC of credential, method, path and Idempotency-Key
    request BLOB NOT NULL,             -- HMAC of the body
    status  BIGINT NOT NULL,           -- 0 inside the transaction that makes it
    day     BIGINT NOT NULL,           -- of the spool key
    body    BLOB NOT NULL,             -- sealed under it
    made_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX answers_by_age ON answers (made_at);

-- Tokens of webhooks whose signature is over the token and not over the event, each with the event that it came with:
-- good for that one alone, for as long as the signature counts.
CREATE TABLE webhook_tokens (
    token   BLOB NOT NULL PRIMARY KEY, -- HMAC of the webhook's name and the token
    said    BLOB NOT NULL,             -- HMAC of the event
    seen_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX webhook_tokens_by_age ON webhook_tokens (seen_at);

-- What followers are told, in the order in which they are told it. DESIGN.md, "Order for followers". There is one
-- writer, so that triggers can number consent events and outcomes as they are written, and no way of writing one can
-- forget it; followers are shown what meta's `sequence` says is committed and synced. No number is given twice.
CREATE TABLE feed (
    sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- of all senders together
    sender   TEXT NOT NULL,
    kind     TEXT NOT NULL, -- consent, outcome, request, request_end, incident
    ref      BLOB NOT NULL  -- consent_events.id, deliveries.id, requests.id or incidents.id
);
CREATE UNIQUE INDEX feed_of_sender ON feed (sender, sequence);

-- Up to which place of a sender's feed outcomes were removed, their time being over.
CREATE TABLE feed_passed (
    sender   TEXT NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL
) WITHOUT ROWID;

-- Since when the clock has gone steadily, and when it was read last: one row. What is kept for a time only is removed
-- by a clock that has gone steadily for a day.
CREATE TABLE clock_seen (
    one          SMALLINT NOT NULL PRIMARY KEY CHECK (one = 1),
    steady_since BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER consent_told AFTER INSERT ON consent_events
BEGIN
    INSERT INTO feed (sender, kind, ref) VALUES (NEW.sender, 'consent', NEW.id);
END;
CREATE TRIGGER incident_told AFTER INSERT ON incidents
BEGIN
    INSERT INTO feed (sender, kind, ref) VALUES (NEW.sender, 'incident', NEW.id);
END;
CREATE TRIGGER request_told AFTER INSERT ON requests
BEGIN
    INSERT INTO feed (sender, kind, ref) VALUES (NEW.sender, 'request', NEW.id);
END;
CREATE TRIGGER request_end_told AFTER UPDATE OF ended_at ON requests
WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
BEGIN
    INSERT INTO feed (sender, kind, ref) VALUES (NEW.sender, 'request_end', NEW.id);
END;
CREATE TRIGGER refusal_told AFTER INSERT ON deliveries WHEN NEW.ended_at IS NOT NULL
BEGIN
    INSERT INTO feed (sender, kind, ref) VALUES (NEW.sender, 'outcome', NEW.id);
END;
CREATE TRIGGER outcome_told AFTER UPDATE OF ended_at ON deliveries
WHEN OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
BEGIN
    INSERT INTO feed (sender, kind, ref) VALUES (NEW.sender, 'outcome', NEW.id);
END;

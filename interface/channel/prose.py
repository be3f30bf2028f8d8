"""The words of the generated pages that no table of options can say."""

from typing import Final

CHANNELS: Final = """
# Channels

One YAML file per feed, named after its channel. A channel says where messages come from, what they mean (its mapping), what
the sender is told, and where payments go. `hp24 check` reports everything that is wrong in all files at once, with file, line,
column and what would be right; a running engine keeps its active version until the files pass.

[Connect a new hospital in an hour](TUTORIAL.md): a tutorial, from an empty directory to a payment that is posted.

`# yaml-language-server: $schema=../config/schemas/channel.schema.json` as the first line lets an editor complete and underline
while you type (VS Code with the YAML extension, and every editor that knows its language server).

This page is written from the code; edit the code's descriptions, not this page.

- Values may come from the environment: `${EPIC_MLLP_PORT:-2575}` takes the variable, or 2575 where it is not set or empty. The
  text behind `:-` may be empty. A version of the configuration keeps the names, not the values.
- Every value is read as text first: `no`, `0123` and `12:30` stay what they are.
- Options carry their unit in the name. An option that is not known, or stands twice, is refused.
- Filters look at the message with the mapping language (see ../mappings/README.md). What they let pass by is *filtered*, with
  their reason, and can be seen; nothing is dropped.
- A block may hold a batch, `[FHS] { [BHS] {messages} [BTS] } [FTS]`. It is answered for BHS-11 (else FHS-11), and applied only if
  BTS-1 and FTS-1 are the numbers of messages and batches, and BTS-3 is what FT1-11 adds up to. HL7 leaves that sum to the site:
  `batch: totals` says whether signs count, or `by-type` with `total_types` that each transaction type has a total of its own;
  amounts and totals are read in `money: amount_format`. A batch that differs is held, and so is what its patients send later.
- A listener that can be reached from beyond the machine needs `tls`, or the words `cleartext: accepted`; the engine opens no other.
- Certificates and keys stay in files beside the channels, named by paths relative to the root. They are read again when they
  change; connections go on, and files that cannot be used change nothing. `hp24 check` looks into them, `hp24 status` counts days.

- A channel takes HL7 v2 over MLLP (`source: mllp:`), or resources of FHIR R4 that programs write to the engine's own FHIR server
  (`source: fhir: {}`, with a mapping of `format: fhir`). All such channels share the server's address (`fhir:` of
  ../config/engine.yaml): which one a request belongs to is told by its token, `hp24 token create --name EHR --channel epic-fhir
  --scope system/Patient.cu`. It is stored as it came, and answered once it was processed, or after `ack: answer_within_secs`.
  `filters` name types and interactions, `[Patient, Encounter update]`, and their `when` is a path, as `Patient.active = false`.
  What is about HL7 v2 alone (`charset`, `expects`, `batch`, `segments` ..) is refused there.

- A destination speaks HL7 v2 over MLLP (`mllp:`, with an outgoing `mapping`) or HTTP (`fhir:`, whose `shape` says what is sent).
  Signs come from `money`, as over MLLP; the alias that Oracle wants is its transaction code (`codes_by_tender`, `codes_by_kind`).

  | Shape | What is posted | Unanswered | Void and refund |
  |---|---|---|---|
  | `payment-reconciliation` | FHIR R4, if it is not there | searched, then sent again | a resource that names the first |
  | `oracle-basic` | Oracle's `POST /Basic`, on an Encounter | a person's | a person's, by hand in the EHR |
  | `athena-recordpayment` | athena's form, on the patient | a person's | a person's, by hand in the EHR |

  ```yaml
  destinations:
    payments:
      fhir:
        base_url: https://fhir.example.org/r4
        shape: payment-reconciliation
        token_file: secrets/fhir.token    # read at each request: replace it there
  ```

  With `notices: true` a PaymentNotice follows each payment that is settled: `cleared`, once HealthPay24 tells that the money has
  reached the bank. It names the payment by its identifier and the facility as its recipient; like a payment it is searched
  before it is sent again.

  With `posted_when: accept` the server's 200 or 201 is the proof; `echo` waits until the EHR tells of the payment itself.

  The search keeps a PaymentReconciliation from being booked twice where the server, too, keeps `If-None-Exist`, or has booked a
  payment before `reply_timeout_secs` and the first wait of `retry` are over: ask how long it may take there.

  A void or refund is a PaymentReconciliation of its own, the first one stays as it is: this takes back `0LBSY1`. Its amount is
  negative unless `money: reversal_style` says otherwise. Oracle's call and athena's take nothing back: there the delivery is
  rejected (`takes-nothing-back`) before anything is sent; it is booked in the EHR by hand, and then `hp24 resolve --posted`.

  ```json
  {"resourceType": "PaymentReconciliation", "status": "active", "outcome": "complete",
   "identifier": [{"system": "urn:id:healthpay24", "value": "0LBSY2"}],
   "created": "2026-03-05T09:12:00-06:00", "paymentDate": "2026-03-05", "paymentAmount": {"value": -25.00, "currency": "USD"},
   "detail": [{"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/payment-type", "code": "adjustment"}]},
     "identifier": {"system": "urn:id:healthpay24", "value": "0LBSY2"},
     "predecessor": {"system": "urn:id:healthpay24", "value": "0LBSY1"},
     "request": {"type": "Account", "identifier": {"system": "urn:id:north", "value": "9001"}},
     "date": "2026-03-05", "amount": {"value": -25.00, "currency": "USD"}}]}
  ```

  Oracle requires `date` of a card, its expiry, which is never kept here: agree on `oracle: card_date` with the site.

```yaml
channel: epic
source:
  mllp:
    port: ${EPIC_MLLP_PORT:-2575}
timezone: America/Chicago
facility: NORTH
mapping: epic
filters:
  - events: [ADT^A08]
    when: PV1-18 = 'RESEARCH'
    reason: visits of a study are not billed to patients
destinations:
  dft:
    mllp: {host: "${EPIC_DFT_HOST:-127.0.0.1}", port: "${EPIC_DFT_PORT:-2576}"}
    mapping: epic-dft
```
"""

CONFIG: Final = """
# Configuration

`engine.yaml` holds the settings of the engine itself. Everything has a default; the file may be absent. Values may come from the
environment: `${HP24_HTTP_PORT:-8024}`. Feeds are declared in ../channels, their meaning in ../mappings. What the HTTP face shows at
/metrics is listed in [METRICS.md](METRICS.md). The JSON Schemas in [schemas](schemas) let editors complete and underline these
files, channels and mappings alike.

This page is written from the code; edit the code's descriptions, not this page.
"""

METRICS: Final = """
# Metrics

What `GET /metrics` of the HTTP face shows, in the exposition format of Prometheus (or OpenMetrics, where asked for).

- Counters and histograms are added up over the parts of the engine on this machine. A part that is killed loses no count, and one
  that starts again goes on from it; they begin anew only with a new home or a release that declares other metrics.
- Gauges are read from the database every `health_secs`, for all engines on it. While it is away only those are shown that need
  none.
- Labels are names of the configuration and closed sets of words, never a value of a message. One metric has 500 series at most;
  what comes beyond is counted under `other`.

This page is written from the code; edit the code's descriptions, not this page.
"""

ENVIRONMENTS: Final = """
## Environments

`environments/NAME.yaml` holds what differs between test and production: values for `${NAME}` in all other files. `HP24_ENVIRONMENT`
or `--environment NAME` chooses one; none need be chosen. What the process's own environment sets counts before the file.

```yaml
environment: production
production: true
values:
  EPIC_DFT_HOST: ehr.example.org
secrets:
  HP24_DATABASE_URL: {secret_file: /etc/hp24/database.secret}    # or {secret_env: NAME}
addresses: [ehr.example.org, 10.20.0.5:2575]
```

- A secret stands in no file. A value that looks like one (its name says so, a password in a URL, a key) is a problem.
- The `addresses` of a production file are refused to an engine of any other environment, and of none: by `hp24 check`, `config
  apply`, and at the start. That holds for what channels listen on and send to, the database, the HTTP face, mail and webhooks.
  Names are compared as they are written, not looked up; a listener on 0.0.0.0 is compared as 0.0.0.0.
- An active version belongs to the environment that it was applied for. An engine of another one does not run it
  (`environment-differs`).
"""

MAPPINGS: Final = """
# The mapping language

A mapping says what messages mean to a patient's bill. It is a YAML file of rules: on the left a *target* of the ledger, on the
right an *expression* that finds its value in the message. Rules are checked in full when files are read (targets, functions,
paths, tables, types) and nothing runs until all of them are right. `hp24 map MESSAGE --explain` tries them on a message: what it
becomes, and of every rule what it looked at and why it gave what it gave.

`# yaml-language-server: $schema=../config/schemas/mapping.schema.json` as the first line lets an editor complete and underline
while you type (VS Code with the YAML extension, and every editor that knows its language server).

This page is written from the code; edit the code's descriptions, not this page.

```yaml
mapping: epic
extends: hl7v2                        # this file holds only what differs; `nothing` takes an inherited rule away
identifiers:
  patient: PID-3[type = 'MR' and authority = facility] ?? PID-3[type = 'MR']
  account: PID-18 ?? PV1-50 | typed('AN')
  visit: PV1-19 if PV1-2 != 'N'
patient:
  family: PID-5.1
  birth_date: PID-7 | date
  sex: PID-8 | table(sex)
guarantors:
  each: GT1                           # one guarantor for each GT1; paths look at that one
  id: GT1-2
```

## Expressions

| Write | It means |
|---|---|
| `PID-5.1` | field 5, component 1, of the first PID; `PID-11.1.2` a subcomponent. The first repetition is read. |
| `PID-3[2].1`, `GT1[2]-3.1` | the second repetition; the second GT1 |
| `PID-3[.5 = 'MR'].1` | the first repetition whose component 5 is MR; conditions as below, `.4.1` a subcomponent |
| `PID-3[type = 'MR' and authority = facility]` | the same by what the number is, see below |
| `PID-3[only]` | the repetition of a field that has just one |
| `A ?? B` | the first that says something, a clear included |
| `A \\| date` | the value handed to a function; `\\|` binds closer than `??` |
| `A if B` | A, but only where B holds |
| `'text'`, `12` | a literal; a quote inside is doubled: `'O''Brien'` |
| `=` `!=` `in ('A', 'B')` `not in` `and` `or` `not` `( )` | conditions; a lone value holds when it is said and not cleared |

A literal alone needs quotes around its quotes, or YAML takes them: `"'MR'"`. Inside of an identifier rule a path names the whole
field; when several different identifiers are left, the message waits for a better rule instead of guessing.

Inside of a choice, `type` and `authority` are an identifier's type (CX-5; where that is empty, what its field holds) and assigning
authority (CX-4; where that is empty, the channel's facility), as the tables of synonyms name them. Authorities are compared without
regard to case. `.5` and `.4` are the components as sent.

`each: GT1` walks every GT1; `each: PV1, PV2` each PV1 with the PV2 behind it; `each: PID > MRG, PV1` each MRG with the PID before
and the PV1 behind it, and a PID without any MRG, too.

## Absent, empty, cleared

- A field that is absent, empty or blank is not spoken of: the ledger keeps what it has.
- `""` clears. Below a cleared field everything is cleared. Channels whose senders write `""` everywhere set `null_is_empty: true`.
- Identifiers and amounts cannot be cleared: `""` there refuses the message.
- A value that cannot be read (a date that is none) is a warning and not said; an amount or a refused code stops the message.
- Lists (guarantors, coverages, other identifiers) are snapshots, replaced whole; without the segment nothing is said.

## Code tables

`tables/NAME.csv` with the columns `in,out,note`. The row `*` says what becomes of a code that is not listed: `*,<keep>` keeps
it, `*,<refuse>` refuses the message, anything else is the default. An empty `out` means that the code says nothing. Codes are
compared to the letter. `identifiers: authorities` and `types` name the tables of synonyms of assigning authorities (by universal
id first, then namespace) and of identifier types.

## When it happened

EVN-6, else EVN-2, else MSH-7, else the arrival. A time further ahead of the engine's clock than the channel's
`event_time_tolerance_secs` is taken back to that, with the warning `event-time-capped`.
"""

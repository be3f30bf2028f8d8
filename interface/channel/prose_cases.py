"""What `mappings/README.md` says of cases; real examples."""

from typing import Final

CASES: Final = """
## Cases

A case keeps a try as a test: messages in order, and what each is to do. It is `cases/FOLDER/NAME.yaml`, FOLDER being a
channel or a mapping. `hp24 test` plays all of them through the engine's own receiving, mapping, ledger and delivery, with the
files as they are edited, on a store of its own that keeps nothing. No engine needs to run.

```yaml
about: A charge on an account that is known.
steps:
  - message: |
      MSH|^~\\&|EPICADT|NORTH|HP24ENG|HP24|20260304091500||ADT^A04^ADT_A01|1001|P|2.5.1
      EVN|A04|20260304091500
      PID|1||7001^^^NORTH^MR||BRANDT^OLIVIA||19840519|F||||||||||9001^^^NORTH^AN
      PV1|1|O|CARD||||||||||||||||8001^^^NORTH^VN
  - message: |
      MSH|^~\\&|EPICFIN|NORTH|HP24ENG|HP24|20260304101500||DFT^P03^DFT_P03|1002|P|2.5.1
      EVN|P03|20260304101500
      PID|1||7001^^^NORTH^MR||BRANDT^OLIVIA|||||||||||||9001^^^NORTH^AN
      FT1|1|C1||20260304100000|20260304|CG|99213|||1|120.00
    expect:
      answer: AA
      accounts:
        "9001":
          journal:
            - {kind: charge, amount: 120.00 USD, owed_by: patient, code: "99213", at: 2026-03-04T16:00:00Z}
  - payment: {accounts: {"9001": 25.00}, tender: visa}
    expect:
      others: any
      payments: {tx_1: {state: taken}}
```

```
mappings/cases/epic/charge.yaml:18: step 2: accounts[9001].journal[1].owed_by: expected patient, got unknown
1 case, 3 steps: 1 not as expected (0.2 s).
```

Write the messages alone, let `hp24 test epic/charge --write` add what happens, and read it. `--write` changes expectations
that do not hold, shows what it changes, and leaves every other line and comment as it is.

A step is one `message`, or what HealthPay24 asks for: `payment: {accounts: {NUMBER: AMOUNT}, tender: visa, last4: "4242", id:
NAME}`, `void: {payment: NAME}`, `refund: {payment: NAME, accounts: {NUMBER: AMOUNT}}`. A payment without `id` is called
`tx_1`, `tx_2` and so on, as HealthPay24 counts. Where the channel takes FHIR,
a message is a resource by itself, which is created, or a request with its head: `PUT /Patient/ID HTTP/1.1`, a blank line and the
body. It arrives a moment after the step before. Beside a step may stand:

| In a step | It means |
|---|---|
| `expect` | what is to happen; without it the step only has to be processed |
| `channel` | who receives it, where it is not the case's channel |
| `at` | when it arrives, as HL7 writes times; else when its MSH-7 says. A payment is asked for a minute after the step before |
| `reply` | how the receiver answers what goes out: `AA`, `AE`, `AR` ..; `none`: not at all |

| In `expect` | It tells |
|---|---|
| `state` | processed, filtered, held, failed, refused, parked (behind another), repeated, or rejected (by HealthPay24) |
| `reason`, `place` | why it stands so, and where |
| `answer` | the acknowledgement, with the first error: `AE 101 PID-3`; over FHIR: `400 Patient.birthDate` |
| `warnings`, `then` | warnings of the run; earlier steps that stand otherwise now: `{"1": processed}` |
| `patients`, `guarantors` .. | by number, the fields that changed, of a journal what was added; `~`: nothing, or nothing any more |
| `accounts`, `encounters`, `payments` | the same; accounts with what is `due` |
| of these, where it is so | patients not `active`, or `linked` to others; accounts `ended`, or `purged` (no: money was left) |
| `transactions` | what an FT1 says that no journal keeps: its guarantor and its reference: `{"FT1[1]": {reference: W1}}` |
| `worklist`, `closed` | what was opened for a person, or closed |
| `sent` | messages that go out, field by field; `*` stands for anything. Our ids are counted: FT1-2 is W1, W2 .. |

**What is not written must not happen.** A case is there to find what nobody thought of, so each change of the ledger, each
item for a person and each field that is sent has to stand in it. `others: any`, in `expect` or in a table below it, looks at
what is written there and below alone. A state that is not written is `processed`, an answer that is not written a positive
one.

A channel is named by `channel: epic`, or by the folder. A case may also declare one for itself alone, with the options of
[channels](../channels/README.md): `channel: {mapping: hl7v2, facility: SOUTH, timezone: America/New_York}`; in the folder of
a mapping that is the mapping, facility NORTH and UTC where nothing else is said.

Played all, the rules that no case exercises are listed where they stand, inherited ones too: a rule is exercised when it gave
a value, or when its condition was asked. `--stored` also reads every stored message, and tells which of these rules real
traffic uses.

`hp24 test --save 47` makes a case of a stored message, and `--with-earlier` adds those of the patient's earlier messages
without which it would do something else. Only an allow-list of fields is kept: kinds of messages, set ids, amounts, codes
that stand in HL7's tables or in the site's own. Names, numbers, addresses, phones and mail are invented, the same everywhere
in the case; dates move by one number of days; whoever is over 89 is told as 90; ZIP codes keep three digits, or become 000
where few people live (45 CFR 164.514(b)(2)). Free text, Z segments and unknown fields are dropped. It tells when a step does
something else than before. Read the case before you pass it on.
"""

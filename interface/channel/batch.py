"""What a channel file may say of HL7 batches: how they are answered, and what was agreed with the site about their totals."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from interface.channel.option import BatchAcks, BatchTrailers
from interface.hl7.agreement import Totals
from interface.mapping.fill import Declared

TransactionType = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,8}$")]


class Batch(Declared):
    """Several messages in one block: `[FHS] { [BHS] {messages} [BTS] } [FTS]` (HL7 v2.5.1 section 2.10.3).

    Nothing of a batch is applied before its counts and totals were found to be right; else it is held for a person.
    """

    acks: BatchAcks = Field(
        default=BatchAcks.ONE,
        description="one: an acknowledgement of the batch, by BHS-11; each: a batch of them, one for each message",
    )
    totals: Totals = Field(
        default=Totals.SIGNED,
        description=(
            "how the sender reckons BTS-3 from FT1-11, where it sends one. signed: one sum, signs as written; absolute: one sum"
            " without signs; by-type: one signed sum for each of `total_types`; none: it is not looked at"
        ),
    )
    total_types: tuple[TransactionType, ...] = Field(
        default=(), description="for `by-type`: FT1-6 of each repetition of BTS-3, in order, as [CG, CD, PY, AJ]"
    )
    trailers: BatchTrailers = Field(
        default=BatchTrailers.OPTIONAL,
        description="optional: as in the standard; required: what ends without BTS-1 (a file: FTS-1) may be cut, and is held",
    )
    max_messages: int = Field(
        default=10_000, ge=1, le=1_000_000, description="messages of one batch, at most; a larger one is refused"
    )

    @model_validator(mode="after")
    def _types_by_type(self) -> Self:
        if (self.totals is Totals.BY_TYPE) != bool(self.total_types):
            raise ValueError("`totals: by-type` and `total_types` go together; give both, or neither")
        if len(set(self.total_types)) < len(self.total_types):
            raise ValueError("`total_types` names a type twice; each has one total")
        return self

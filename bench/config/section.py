"""What all parts of the bench file share."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Range = tuple[float, float]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Section(BaseModel):
    """A part of the bench file; a key that it does not know is an error, and so is a number that is none."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

"""The code with which a customer declines a call: what is sent of it, and how it is checked."""

import hmac


def code_proof(code: str, event: str, customer: str) -> str:
    """Return what stands for a typed code in messages and records.

    It is bound to event and customer, so that one taken from a record declines no other call.
    """
    return hmac.new(code.encode(), f"{event}/{customer}".encode(), "sha256").hexdigest()


def is_right_code(code: str, event: str, customer: str, proof: str) -> bool:
    """Whether a proof was made of the right code; takes the same time for every wrong one."""
    return hmac.compare_digest(code_proof(code, event, customer).encode(), proof.encode())

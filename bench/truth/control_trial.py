"""What a SCADA operator tries on tap-changer and capacitor controls, and what the plant's apparatus makes of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.actors.scada_console import ScadaConsole
from bench.clock import Clock
from bench.measurement import Limits, Measurement
from bench.plant.apparatus import Operation
from bench.truth.operations import Apparatus, ControlSettings
from reports.verdict import Verdict

VAR_BLOCK_CLAUSE = "capacitor control: block of VAR logic"
TAP_BLOCK_CLAUSE = "tap-changer control: block"
DISCHARGE_CLAUSE = "capacitor control: discharge lockout"
COMMAND_CLAUSE = "control: one operation by a SCADA command"

BUSY = ("device busy", "already active")
"""How a refusal ends that says: later (exception 6 of the MODBUS specification, status 5 of a DNP3 command)."""
REACTION_S = 10.0
"""What a pulse, a switch or a motor, and the plant's steps may add to a control's delay, s."""
SAMPLING_S = 1.0
"""How much a delay may be shortened by the step in which the plant sees it end, s."""


@dataclass(frozen=True)
class Group:
    """Controls of one kind with their apparatus; an operator tries all of them at the same time."""

    apparatus: Mapping[str, Apparatus]
    settings: Mapping[str, ControlSettings]

    def delay_s(self) -> float:
        """Return the longest delay among them."""
        return max((s.delay_s for s in self.settings.values()), default=0.0)


@dataclass
class ControlTrial:
    """Orders of an operator at the SCADA console, and measurements of the apparatus since the last of them."""

    clock: Clock
    console: ScadaConsole
    banks: Group
    tap_changers: Group
    _ordered_s: float = 0.0
    _refusals: Mapping[str, str] = field(default_factory=dict)
    _disobeyed: dict[str, str] = field(default_factory=dict)

    def order_banks(self, close: bool) -> None:
        """Close or open every bank by SCADA."""
        self._ordered_s, self._refusals = self.clock.now_s, self.console.order_banks(close)

    def block_banks(self, blocked: bool) -> None:
        """Block or free the VAR logic of every capacitor control."""
        self._ordered_s = self.clock.now_s
        self._note(self.console.block_banks(blocked))

    def block_tap_changers(self, blocked: bool) -> None:
        """Block or free every tap-changer control."""
        self._ordered_s = self.clock.now_s
        self._note(self.console.block_tap_changers(blocked))

    def tempt_banks(self) -> None:
        """Move the thresholds so that the present reactive power is one at which VAR logic opens a bank.

        Half way between what is sensed and the threshold to close: above the one, and still below the other.
        """
        self._ordered_s = self.clock.now_s
        for name, bank in self.banks.apparatus.items():
            self._note(self.console.move_var_threshold(name, (bank.sensed + self.banks.settings[name].upper) / 2.0))

    def tempt_tap_changers(self) -> None:
        """Move each band down until the present voltage lies half a band above it, so that the control lowers."""
        self._ordered_s = self.clock.now_s
        for name, tap_changer in self.tap_changers.apparatus.items():
            band = self.tap_changers.settings[name]
            self._note(self.console.move_band(name, tap_changer.sensed - (band.upper - band.lower)))

    def banks_follow(self, closed: bool) -> list[Measurement]:
        """Give the order time, then measure that each bank went there by one operation."""
        self._run_for(REACTION_S)
        return [m for name, bank in self.banks.apparatus.items() for m in self._followed(name, bank, closed)]

    def banks_stay_blocked(self) -> list[Measurement]:
        """Run for twice their delay and count what the banks did since the last order."""
        return self._still(self.banks, VAR_BLOCK_CLAUSE)

    def tap_changers_stay_blocked(self) -> list[Measurement]:
        """Run for twice their delay and count what the tap changers did since the last order."""
        return self._still(self.tap_changers, TAP_BLOCK_CLAUSE)

    def banks_open_after_delay(self) -> list[Measurement]:
        """Run until the delay of each has to be over; measure when each freed bank opened."""
        return self._delayed(self.banks, VAR_BLOCK_CLAUSE)

    def tap_changers_lower_after_delay(self) -> list[Measurement]:
        """Run until the delay of each has to be over; measure when each freed tap changer lowered."""
        return self._delayed(self.tap_changers, TAP_BLOCK_CLAUSE)

    def banks_discharge(self) -> list[Measurement]:
        """Measure that each control refused to close as busy, and its bank stayed open until it had discharged."""
        opened_s = {name: bank.operations[-1].time_s for name, bank in self.banks.apparatus.items() if bank.operations}
        settings = self.banks.settings
        self.clock.run_until(max((opened_s[name] + settings[name].discharge_s for name in opened_s), default=0.0))
        stayed = {name: self._idle(self.banks, name, DISCHARGE_CLAUSE) for name in opened_s}
        idle = {name for name, measured in stayed.items() if measured.verdict is Verdict.PASS}
        self._run_for(REACTION_S)
        refused = [self._refused(name, refusal, name in idle) for name, refusal in self._refusals.items()]
        return [*stayed.values(), *refused]

    def _refused(self, name: str, refusal: str, stayed: bool) -> Measurement:
        """Count a close as refused where the control says so, and its bank has not moved either."""
        busy = float(refusal.endswith(BUSY) and stayed)
        quantity, source = f"closes that {name} refused as busy", f"the answer of {name} and the plant"
        return Measurement(
            quantity, busy, "closes", 0.0, self.clock.now_s, source, Limits(lower=1.0), clause=DISCHARGE_CLAUSE
        )

    def _followed(self, name: str, apparatus: Apparatus, closed: bool) -> list[Measurement]:
        count, once, there = len(self._operations(apparatus)), Limits.around(1.0, 0.0), Limits.around(closed, 0.0)
        return [
            self._measured(f"operations of {name} since its command", count, "operations", once, COMMAND_CLAUSE),
            self._measured(f"position of {name}", apparatus.position, "position", there, COMMAND_CLAUSE),
        ]

    def _still(self, group: Group, clause: str) -> list[Measurement]:
        self._run_for(2.0 * group.delay_s())
        return [*self._refusals_judged(clause), *(self._idle(group, name, clause) for name in group.apparatus)]

    def _idle(self, group: Group, name: str, clause: str) -> Measurement:
        count = len(self._operations(group.apparatus[name]))
        quantity = f"operations of {name} where it has to stay"
        return self._measured(quantity, count, "operations", Limits(upper=0.0), clause)

    def _delayed(self, group: Group, clause: str) -> list[Measurement]:
        self._run_for(group.delay_s() + REACTION_S)
        return [*self._refusals_judged(clause), *(self._delay(group, name, clause) for name in group.apparatus)]

    def _note(self, said: Mapping[str, str]) -> None:
        """Keep which controls did not take an order that every sound one takes, for whoever judges next."""
        self._disobeyed |= {name: words for name, words in said.items() if words}

    def _refusals_judged(self, clause: str) -> list[Measurement]:
        """Measure the orders that were not taken since the last look: that is the control's failure, in its words."""
        disobeyed, self._disobeyed = self._disobeyed, {}
        taken = Limits(lower=1.0)
        return [
            Measurement(
                f"orders that {name} took: {words}", 0.0, "orders", 0.0, self.clock.now_s, name, taken, clause=clause
            )
            for name, words in disobeyed.items()
        ]

    def _delay(self, group: Group, name: str, clause: str) -> Measurement:
        """Measure the time to the first operation downwards; none within the run is later than any limit."""
        delay_s = group.settings[name].delay_s
        moved_s = [o.time_s for o in self._operations(group.apparatus[name]) if o.change < 0]
        waited_s = min(moved_s, default=self.clock.now_s + SAMPLING_S) - self._ordered_s
        limits = Limits(delay_s - SAMPLING_S, delay_s + REACTION_S)
        quantity = f"time until {name} {'moved' if moved_s else 'had still not moved'} by itself"
        return self._measured(quantity, waited_s, "s", limits, clause)

    def _operations(self, apparatus: Apparatus) -> list[Operation]:
        return [o for o in apparatus.operations if o.time_s > self._ordered_s]

    def _measured(self, quantity: str, value: float, unit: str, limits: Limits, clause: str) -> Measurement:
        return Measurement(quantity, value, unit, 0.0, self.clock.now_s, "the plant", limits, clause=clause)

    def _run_for(self, seconds: float) -> None:
        self.clock.run_until(self.clock.now_s + seconds)

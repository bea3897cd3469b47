"""XenAPI of one pool, as the lab saw it answer: what each call does to the world, and how it refuses."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from ridethrough.core.model import Seconds

from . import boot, database_copy
from .agenda import Steps
from .errors import XapiError
from .ha_calls import HaCalls
from .machines import EPOCH, Reach, SimHost, SimTask
from .operations import set_key

__all__ = ["Xapi", "XapiError"]

HAND_OVER_ACCEPTED: Seconds = 0.6  # pool.designate_new_master answers OK (lab 10)
HAND_OVER_FUSE: Seconds = 10.0  # then the switch comes
HAND_OVER_REFUSED: Seconds = 2.3  # and nobody listens for so long
AGREED_FOR: Seconds = 600.0  # a host that missed the end of a failed hand-over keeps its word for so long
EMERGENCY_SECONDS: Seconds = 12.0  # pool.emergency_transition_to_master (lab 11)


class Xapi(HaCalls):
    """`Xapi(world, pool)`: a method per call, named as on the wire: VM.pool_migrate is `vm_pool_migrate`.

    Arguments are references, as on the wire. An unknown reference raises XapiError(HANDLE_INVALID) at once. Calls that
    take time return a SimTask, perhaps ended already; their refusals are the task's failure, and `task.done` fires when
    it ends. Short calls return or raise XapiError at once.

    It keeps nothing itself, so any number may exist for a pool. Who may call it (sessions, HOST_IS_SLAVE, an address
    that does not answer) is for the caller to ask `World.reach` and `World.coordinator`.
    """

    # --- the pool

    def pool_add_to_other_config(self, key: str, value: str) -> None:
        """Raises MAP_DUPLICATE_KEY."""
        database_copy.remember(self.world, self.pool_id, self.pool, "other_config")
        set_key(self.pool.other_config, "pool", "other_config", self.pool.uuid, key, value)
        self.world.changed("pool", self.pool.ref)

    def pool_remove_from_other_config(self, key: str) -> None:
        """A missing key is no error."""
        database_copy.remember(self.world, self.pool_id, self.pool, "other_config")
        self.pool.other_config.pop(key, None)
        self.world.changed("pool", self.pool.ref)

    def pool_designate_new_master(self, ref: str) -> SimTask:
        """pool.designate_new_master: OK in 0.6 s, the switch ten seconds later, the pool settled after some 22 s.

        It takes a disabled host; every host comes back enabled; sessions and tasks are lost. Any host that cannot be
        reached makes it fail.
        """
        new = self.host(ref)

        def steps(task: SimTask) -> Steps:
            yield HAND_OVER_ACCEPTED
            if new.id == self.pool.coordinator:
                return
            if self.pool.ha_enabled:
                raise XapiError("HA_IS_ENABLED")
            yield from self._all_agree(new)
            self.world.agenda.after(HAND_OVER_FUSE, partial(self._hand_over, new))

        return self.start("Async.pool.designate_new_master", steps)

    def _all_agree(self, new: SimHost) -> Steps:
        """The first phase: every host of the database says yes, the new coordinator last. After a failure they are
        told to forget it, which nobody repeats for a host that does not hear it (xapi_pool_transition.ml; source)."""
        asked: list[SimHost] = []
        try:
            for host in sorted(self.world.members(self.pool_id), key=lambda h: (h is new, h.id)):
                yield from self._reached(host)
                self._agree(host, new)
                asked.append(host)
        except XapiError:
            for host in asked:
                if self.world.reach(host.id) in (Reach.MEMBER, Reach.COORDINATOR):
                    host.agreed = None
            raise

    def _agree(self, host: SimHost, new: SimHost) -> None:
        """xapi_ha.ml propose_new_master_internal: another candidate is refused for ten minutes."""
        now = self.world.now
        if host.agreed and host.agreed[0] != new.id and now - host.agreed[1] <= AGREED_FOR:
            other, since = self.world.hosts[host.agreed[0]], host.agreed[1]
            at = datetime.fromtimestamp(EPOCH + since, UTC).strftime("%Y%m%dT%H:%M:%SZ")
            text = f"Already agreed to commit host address '{other.address}' at {at} ('{now - since:f}' secs ago)"
            raise XapiError("HA_ABORT_NEW_MASTER", text)
        host.agreed = (new.id, now)

    def _hand_over(self, new: SimHost) -> None:
        self.world.tell(f"{new.id} becomes the coordinator in place of {self.pool.coordinator}")
        hosts = [h for h in self.world.members(self.pool_id) if h.power and h.network]
        for host in hosts:
            boot.toolstack_stops(self.world, host, orderly=False)
        self.pool.coordinator = new.id
        self.world.changed("pool", self.pool.ref)
        for host in hosts:
            host.follows = new.id
            boot.start_toolstack(self.world, host, HAND_OVER_REFUSED, cold=False)

    def pool_emergency_transition_to_master(self, ref: str) -> SimTask:
        """pool.emergency_transition_to_master, called on the member `ref` itself, with no coordinator to ask."""
        new = self.host(ref)

        def steps(task: SimTask) -> Steps:
            yield EMERGENCY_SECONDS
            if self.pool.ha_enabled:
                raise XapiError("HA_IS_ENABLED")
            self.world.tell(f"{new.id} makes itself the coordinator")
            database_copy.fall_back(self.world, self.pool_id)
            self.pool.coordinator = new.id
            new.follows = new.id
            boot.restart_toolstack(self.world, new)

        return self.start("Async.pool.emergency_transition_to_master", steps)

    def pool_recover_slaves(self) -> list[str]:
        """pool.recover_slaves: members that answer follow the new coordinator. Returns their references."""
        coordinator = self.pool.coordinator
        recovered = []
        for host in self.world.members(self.pool_id):
            if host.follows != coordinator and self.world.reach(host.id) in (Reach.MEMBER, Reach.BOOTING):
                host.follows = coordinator
                boot.restart_toolstack(self.world, host)
                recovered.append(host.ref)
        return recovered

"""Systems outside of this process: a vendor's own DMS or application takes the place of an actor, over MQTT."""

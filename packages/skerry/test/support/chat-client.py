"""A person with a client that nobody here wrote: says one thing and prints what it sees, a JSON line each."""
import json, sys
import slixmpp

options = json.load(sys.stdin)


def tell(**what):
    print(json.dumps(what), flush=True)


class Person(slixmpp.ClientXMPP):
    def __init__(self):
        super().__init__(options["jid"], options["password"])
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("message", self.message)
        self.add_event_handler("changed_status", self.presence)
        self.add_event_handler("failed_auth", lambda _: tell(kind="refused"))

    async def start(self, _):
        self.send_presence()
        roster = await self.get_roster()
        for item in roster["roster"]["items"].items():
            jid, about = item
            tell(kind="contact", jid=str(jid), name=about["name"], subscription=about["subscription"], groups=about["groups"])
        for words in options["say"]:
            self.send_message(mto=options["to"], mbody=words, mtype="chat")

    def presence(self, stanza):
        if stanza["from"].bare != self.boundjid.bare:
            tell(kind="presence", jid=str(stanza["from"]), show=stanza["show"], status=stanza["status"], type=stanza["type"])

    def message(self, stanza):
        tell(kind=stanza["type"], jid=str(stanza["from"]), body=stanza["body"])


person = Person()
person.ca_certs = options["ca"]
person.connect((options["host"], options["port"]))
person.loop.call_later(30, person.loop.stop)
person.process(forever=True)

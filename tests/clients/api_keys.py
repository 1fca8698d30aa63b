"""What became of idempotency keys, as a part of api_suite.py."""

import itertools

from api_calls import CALL_TIMEOUT_S, Code, entries, pb


class Keys:
    """For a class of tests that has a ledger (ApiTest)."""

    key_numbers = itertools.count()

    def new_key(self):
        return f"a key of nobody {next(self.key_numbers)}"

    def outcome(self, key):
        return self.ask("GetKeyOutcome", key=key)

    def seal(self, key):
        return self.ask("SealKey", key=key)

    def test_a_key_that_is_bound(self):
        a, b = self.account(100), self.account(0)
        key = self.new_key()
        paid = self.ask("Transfer", entries=entries((a, -5), (b, 5)), idempotency_key=key)
        first = self.outcome(key)
        self.assertEqual((first.state, first.transaction), (pb.COMMITTED, paid))
        self.assertGreater(first.sequence, 0)
        self.assertEqual(first.keys_kept_since, 0)
        self.assertEqual(self.ask("GetTransaction", id=paid.id), paid)
        self.assertEqual(self.seal(key), first)
        self.assertEqual(self.outcome(key), first)

    def test_a_sealed_key(self):
        a, b = self.account(100), self.account(0)
        key = self.new_key()
        unbound = self.outcome(key)
        self.assertEqual(unbound.state, pb.UNBOUND)
        self.assertFalse(unbound.HasField("transaction"))
        sealed = self.seal(key)
        self.assertEqual(sealed.state, pb.SEALED)
        self.assertGreater(sealed.sequence, unbound.sequence)
        self.assertFalse(sealed.HasField("transaction"))
        self.assertEqual(self.seal(key), sealed)
        self.assertEqual(self.outcome(key), sealed)
        # A late request, of every kind.
        failed = Code.FAILED_PRECONDITION
        fact = {"idempotency_key": key}
        late = {"entries": entries((a, -5), (b, 5)), "idempotency_key": key}
        self.refused("Transfer", failed, "KEY_SEALED", facts=fact, **late)
        for method in ("Credit", "Debit"):
            self.refused(method, failed, "KEY_SEALED", facts=fact, account_id=a, amount=1,
                         idempotency_key=key)
        command = pb.Command(transfer=pb.TransferAction(entries=late["entries"]),
                             idempotency_key=key, metadata={"n": "1"})
        self.refused("Execute", failed, "KEY_SEALED", request=command.SerializeToString(),
                     facts=fact)
        others = [pb.TransferRequest(entries=late["entries"], idempotency_key=self.new_key())
                  for _ in range(2)]
        batch = [others[0], pb.TransferRequest(**late), others[1]]
        answer = self.ask("TransferBatch", transfers=batch, atomic=True)
        self.check_results(answer.results, "BATCH_ABORTED", "KEY_SEALED", "BATCH_ABORTED")
        self.assertEqual(self.outcome(others[0].idempotency_key).state, pb.UNBOUND)
        answer = self.ask("TransferBatch", transfers=batch)
        self.check_results(answer.results, None, "KEY_SEALED", None)
        self.assertEqual((self.balance(a), self.balance(b)), (90, 10))

    def test_many_ask_for_one_key_at_once(self):
        """Of a seal and a payment one wins, and all are told the same."""
        a, b = self.account(1000), self.account(0)
        for round_number in range(20):
            key = self.new_key()
            late = pb.TransferRequest(entries=entries((a, -5), (b, 5)), idempotency_key=key)
            calls = [self.stub(method).future(asked, timeout=CALL_TIMEOUT_S) for method, asked in (
                ("Transfer", late), ("SealKey", pb.SealKeyRequest(key=key)),
                ("GetKeyOutcome", pb.GetKeyOutcomeRequest(key=key)), ("Transfer", late))]
            if round_number % 2:
                calls.append(self.stub("SealKey").future(pb.SealKeyRequest(key=key),
                                                         timeout=CALL_TIMEOUT_S))
            sealed = calls[1].result().state == pb.SEALED
            for payment in (calls[0], calls[3]):
                self.assertEqual(payment.code(), Code.FAILED_PRECONDITION if sealed else Code.OK)
            told = calls[2].result().state
            self.assertIn(told, (pb.UNBOUND, pb.SEALED) if sealed else (pb.UNBOUND, pb.COMMITTED))
            if len(calls) == 5:
                self.assertEqual(calls[4].result(), calls[1].result())
            self.assertEqual(self.outcome(key), calls[1].result())

    def test_wrong_requests_for_keys(self):
        for method in ("GetKeyOutcome", "SealKey"):
            self.invalid(method, "ID_EMPTY", "key")
            self.invalid(method, "ID_TOO_LONG", "key", key="x" * 257)
            self.invalid(method, "ID_CONTROL_CHARACTER", "key", key="a\nb")
            self.refused(method, Code.INVALID_ARGUMENT, "FIELD_UNKNOWN",
                         request=b"\x0a\x01k\x10\x01", facts={"field": "2"})

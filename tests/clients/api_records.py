"""Export and Import, as a part of api_suite.py."""

import grpc

from api_calls import CALL_TIMEOUT_S, Code, entries, move, pb


class RecordCalls:
    """Of a test class of the suite."""

    def exported(self, **fields):
        """All messages of an export."""
        call = self.stub("Export")(pb.ExportRequest(**fields), timeout=CALL_TIMEOUT_S)
        told = list(call)
        self.check_trailers(call)
        return told

    def test_an_export(self):
        owner = self.participant(metadata={"å": "\n"}).id
        own = self.ask("CreateParticipantAccount", participant_id=owner, initial_balance=70,
                       floor=-7, metadata={"k": ""})
        alone = self.account(5)
        begin = self.exported()[0].last_sequence
        made = [self.ask("Credit", account_id=alone, amount=1, reference="r"),
                self.ask("Debit", account_id=own.id, amount=77, idempotency_key="export-debit"),
                self.ask("Transfer", entries=entries((alone, -1), (own.id, 3), (alone, -2)))]
        made += [one.transaction for one in self.ask("TransferBatch", atomic=True, transfers=[
            move(own.id, alone, 10), move(alone, own.id, 10)]).results]
        everything = self.exported()
        # Only the first message has the frame; later tests of this class change nothing here.
        self.assertRegex(everything[0].ledger, "^[0-9a-f]{32}$")
        self.assertEqual({(m.ledger, m.last_sequence) for m in everything[1:]} - {("", 0)}, set())
        records = [record for message in everything for record in message.records]
        self.assertEqual([one.sequence for one in records],
                         list(range(1, everything[0].last_sequence + 1)))
        kinds = {one.WhichOneof("record") for one in records}
        self.assertEqual(kinds - {"sealed_key"}, {"participant", "account", "transaction"})
        told = {one.account.id: one for one in records if one.HasField("account")}
        self.assertEqual(told[own.id].account, own)
        self.assertEqual((told[alone].account.balance, told[alone].account.participant_id), (5, ""))
        self.assertIn(self.ask("GetParticipant", participant_id=owner),
                      [one.participant for one in records])
        moved = [one for one in records if one.HasField("transaction") and one.sequence > begin]
        self.assertEqual([one.transaction for one in moved], made)
        self.assertEqual([one.idempotency_key for one in moved], ["", "export-debit", "", "", ""])
        self.assertEqual([one.with_next for one in moved], [False, False, False, True, False])
        self.assertTrue(all(one.time == one.transaction.timestamp for one in moved))
        # Parts of it.
        last = everything[0].last_sequence
        part = self.exported(from_sequence=begin + 2, until_sequence=begin + 3)
        self.assertEqual([one for m in part for one in m.records], records[begin + 1:begin + 3])
        self.assertEqual(part[0].last_sequence, begin + 3)
        beyond = self.exported(from_sequence=last + 1)
        self.assertEqual([(m.ledger, list(m.records)) for m in beyond],
                         [(everything[0].ledger, [])])
        for fields in ({"from_sequence": last + 2}, {"from_sequence": 5, "until_sequence": 3}):
            with self.subTest(fields), self.assertRaises(grpc.RpcError) as refused:
                self.exported(**fields)
            self.check_refusal(refused.exception, Code.OUT_OF_RANGE, "SEQUENCE_OUT_OF_RANGE", False,
                               field="from_sequence")
        for request, reason in ((b"\x20\x01", "FIELD_UNKNOWN"), (b"\x08", "MALFORMED_REQUEST")):
            with self.subTest(request), self.assertRaises(grpc.RpcError) as refused:
                list(self.stub("Export", raw=True)(request, timeout=CALL_TIMEOUT_S))
            self.check_refusal(refused.exception, Code.INVALID_ARGUMENT, reason, False)

    def test_an_import(self):
        a, b = self.account(10), self.account(0)

        def of_type(kind, *moved, **more):
            return pb.ImportTransaction(type=kind, entries=entries(*moved), **more)
        good = [of_type("credit", (a, 1), reference="r", idempotency_key="import-1"),
                of_type("debit", (a, -2), idempotency_key="import-2"),
                of_type("transfer", (a, -9), (b, 9), idempotency_key="import-3")]
        aborted = "BATCH_ABORTED"
        requests = [
            (pb.ImportRequest(transactions=good, atomic=True), [None] * 3),
            # A second time it is one effect and one answer.
            (pb.ImportRequest(transactions=good, atomic=True), [None] * 3),
            (pb.ImportRequest(transactions=[of_type("credit", (b, -1)), of_type("debit", (b, 1)),
                                            of_type("credit", (b, 1), (b, 1)),
                                            of_type("credit", (b, 1))]),
             ["TYPE_MISMATCH"] * 3 + [None]),
            (pb.ImportRequest(transactions=[of_type("credit", (b, 1)), of_type("debit", (b, -99))],
                              atomic=True), [aborted, "INSUFFICIENT_FUNDS"]),
            # A key is bound to the type as well.
            (pb.ImportRequest(transactions=[of_type("transfer", (a, 1), reference="r",
                                                    idempotency_key="import-1")]),
             ["IDEMPOTENCY_MISMATCH"]),
            (pb.ImportRequest(transactions=[of_type("gift", (a, 1))]), "ENUM_VALUE_UNKNOWN"),
            (pb.ImportRequest(transactions=[of_type("", (a, 1))]), "ENUM_VALUE_UNKNOWN"),
            (pb.ImportRequest(transactions=[good[0]] * 10_001), "TOO_MANY_TRANSFERS"),
            (pb.ImportRequest(transactions=[good[0], of_type("credit", (a, 1))], atomic=True),
             "KEYS_MIXED"),
        ]
        unknown = [b"\x18\x01", b"\x0a\x02\x28\x01", b"\x0a\x04\x0a\x02\x18\x01"]
        sent = [request.SerializeToString() for request, _ in requests] + unknown
        wanted = [reasons for _, reasons in requests] + ["FIELD_UNKNOWN"] * len(unknown)
        told = list(self.stub("Import", raw=True)(iter(sent), timeout=CALL_TIMEOUT_S))
        self.assertEqual(len(told), len(wanted))
        for response, reasons in zip(told, wanted):
            if isinstance(reasons, str):
                self.assertEqual((response.error.reason, response.error.metadata["outcome"]),
                                 (reasons, "none"), response.error.message)
            else:
                self.check_results(response.results, *reasons)
        self.assertEqual(told[0], told[1])
        self.assertEqual([one.transaction.type for one in told[0].results],
                         ["credit", "debit", "transfer"])
        self.assertEqual((self.balance(a), self.balance(b)), (0, 10))

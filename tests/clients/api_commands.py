"""CommandService, as a part of api_suite.py."""

from api_calls import CALL_TIMEOUT_S, Code, entries, pb


def command(*moved, key="", reference="", metadata=None, **options):
    return pb.Command(transfer=pb.TransferAction(entries=entries(*moved)), idempotency_key=key,
                      reference=reference, metadata=metadata,
                      options=pb.Options(**options) if options else None)


class Commands:
    """For a class of tests that has a ledger (ApiTest)."""

    def execute(self, asked, **more):
        answer, call = self.stub("Execute").with_call(asked, timeout=CALL_TIMEOUT_S, **more)
        self.check_trailers(call)
        return answer

    def refused_command(self, asked, code, reason, **facts):
        self.refused("Execute", code, reason, request=asked.SerializeToString(), facts=facts)

    def test_a_command(self):
        a, b = self.account(100), self.account(0)
        metadata = {"order": "17", "": "empty", "note": "öre"}
        asked = command((a, -5), (b, 5), key="command-1", reference="r", metadata=metadata,
                        balanced=True, effective_at=-86_400_000)
        done = self.execute(asked)
        self.assertEqual((done.type, done.reference, dict(done.metadata), done.effective_at),
                         ("transfer", "r", metadata, -86_400_000))
        self.assertGreater(done.sequence, 0)
        self.assertEqual(self.execute(asked), done)
        self.assertEqual(self.ask("GetTransaction", id=done.id), done)
        # A list leaves them out.
        listed = self.ask("ListTransactions", account_id=a).transactions[0]
        self.assertEqual((listed.id, dict(listed.metadata), listed.effective_at, listed.sequence),
                         (done.id, {}, 0, 0))
        self.assertEqual((self.balance(a), self.balance(b)), (95, 5))
        # All of it is content.
        for other in (command((a, -5), (b, 5), key="command-1", reference="r"),
                      command((a, -5), (b, 5), key="command-1", reference="r",
                              metadata={**metadata, "more": ""}, balanced=True,
                              effective_at=-86_400_000),
                      command((a, -5), (b, 5), key="command-1", reference="r", metadata=metadata,
                              effective_at=-86_400_000)):
            self.refused_command(other, Code.ALREADY_EXISTS, "IDEMPOTENCY_MISMATCH",
                                 idempotency_key="command-1")

    def test_a_plain_command_is_a_transfer(self):
        a, b = self.account(100), self.account(0)
        plain = self.execute(command((a, -5), (b, 5), key="plain-1"))
        again = self.ask("Transfer", entries=entries((a, -5), (b, 5)), idempotency_key="plain-1")
        self.assertEqual(self.ask("GetTransaction", id=plain.id), again)
        again.sequence = plain.sequence
        self.assertEqual(again, plain)
        # Empty options, and options that say nothing, equal none.
        asked = command((a, -5), (b, 5), key="plain-1")
        asked.options.SetInParent()
        self.assertEqual(self.execute(asked), plain)
        self.assertEqual(self.balance(a), 95)

    def test_wrong_commands(self):
        a, b = self.account(100), self.account(0)
        wrong = Code.INVALID_ARGUMENT
        self.refused_command(command((a, -5), (b, 4), balanced=True), wrong, "ENTRIES_UNBALANCED",
                             field="transfer.entries", sum="-1")
        self.refused_command(command((a, -5), (b, 5), metadata={"k": "x" * 16 * 1024}), wrong,
                             "METADATA_TOO_LARGE", field="metadata")
        self.refused_command(command(), wrong, "NO_ENTRIES", field="transfer.entries")
        self.refused_command(pb.Command(reference="r"), wrong, "ACTION_MISSING", field="action")
        self.refused_command(command((a, 0)), wrong, "AMOUNT_ZERO", field="transfer.entries[0].amount")
        self.refused_command(command((a, -101)), Code.FAILED_PRECONDITION, "INSUFFICIENT_FUNDS",
                             account_id=a)
        # What this server does not know narrows what is asked: a hold, a later option, a flag.
        good = command((a, -5), (b, 5)).SerializeToString()
        for more, field in ((b"\x12\x00", "2"), (b"\x8a\x01\x02\x20\x01", "options.4"),
                            (b"\x98\x06\x01", "99"), (b"\x0a\x02\x18\x01", "transfer.3")):
            self.refused("Execute", wrong, "FIELD_UNKNOWN", request=good + more,
                         facts={"field": field})
            self.refused("ExecuteBatch", wrong, "FIELD_UNKNOWN",
                         request=b"\x0a" + bytes([len(good + more)]) + good + more,
                         facts={"field": f"commands[0].{field}"})
        self.refused("ExecuteBatch", wrong, "FIELD_UNKNOWN", request=b"\x18\x01",
                     facts={"field": "3"})
        self.refused("Execute", wrong, "NOT_UTF8", request=good + b"\x82\x01\x04\x0a\x02\xc3\x28",
                     facts={"field": "metadata"})
        self.assertEqual((self.balance(a), self.balance(b)), (100, 0))

    def test_batches_and_streams_of_commands(self):
        a, b = self.account(100), self.account(0)
        batch = pb.CommandBatch(commands=[
            command((a, -5), (b, 5), metadata={"n": "0"}, key="commands-1"),
            command((a, -5), (b, 4), balanced=True),
            command((a, -500)),
            command((b, -5), (a, 5), balanced=True, effective_at=7)])
        answer = self.ask("ExecuteBatch", commands=batch.commands)
        self.check_results(answer.results, None, "ENTRIES_UNBALANCED", "INSUFFICIENT_FUNDS", None)
        self.assertEqual(dict(answer.results[0].transaction.metadata), {"n": "0"})
        self.assertEqual(answer.results[3].transaction.effective_at, 7)
        atomic = [command((a, -60), (b, 60), metadata={"n": "1"}, key="commands-2"),
                  command((a, -60), (b, 60), key="commands-3")]
        aborted = self.ask("ExecuteBatch", commands=atomic, atomic=True)
        self.check_results(aborted.results, "BATCH_ABORTED", "INSUFFICIENT_FUNDS")
        atomic[1].transfer.entries[0].amount = -10
        atomic[1].transfer.entries[1].amount = 10
        done = self.ask("ExecuteBatch", commands=atomic, atomic=True)
        self.check_results(done.results, None, None)
        self.assertEqual(self.ask("ExecuteBatch", commands=atomic, atomic=True), done)
        self.refused("ExecuteBatch", Code.INVALID_ARGUMENT, "TOO_MANY_TRANSFERS",
                     commands=[command((a, 1))] * 10_001)
        self.assertEqual(len(self.ask("ExecuteBatch").results), 0)
        requests = [batch.SerializeToString(), b"\x18\x01",
                    pb.CommandBatch(commands=atomic, atomic=True).SerializeToString()]
        told = list(self.stub("StreamExecute", raw=True)(iter(requests), timeout=CALL_TIMEOUT_S))
        self.assertEqual(told[0].results[0], answer.results[0])
        self.assertEqual(told[1].error.reason, "FIELD_UNKNOWN")
        self.assertEqual(told[2], done)

    def test_much_metadata(self):
        """Many pairs cost more memory than bytes, and count against the bytes in flight."""
        a, b = self.account(), self.account()
        pairs = {f"{i:03x}": "" for i in range(0xfff)}
        batch = pb.CommandBatch(commands=[command((a, -1), (b, 1), metadata=pairs)] * 200)
        done = self.ask("ExecuteBatch", commands=batch.commands)
        self.assertEqual(len(done.results[199].transaction.metadata), len(pairs))

    def test_references(self):
        a, b = self.account(2000), self.account(0)
        mine = f"invoice of {a}"
        made = [self.ask("Transfer", entries=entries((a, -n), (b, n)), reference=mine)
                for n in range(1, 41)]
        made += [self.execute(command((a, -n), (b, n), reference=mine, metadata={"n": "x" * n}))
                 for n in range(1, 21)]
        made.append(self.ask("Credit", account_id=a, amount=1, reference=mine))
        made.append(self.ask("Debit", account_id=a, amount=1, reference=mine))
        self.ask("Credit", account_id=a, amount=1, reference=mine + "0")
        made.reverse()
        found = {"method": "FindTransactions", "rows": "transactions", "reference": mine}
        self.assertEqual(self.pages(**found, limit=1000), (made, 1))
        self.assertEqual(self.pages(**found), (made, 2))
        self.assertEqual(self.pages(**found, limit=25), (made, 3))
        self.assertEqual(self.pages(**found, page_bytes=1), (made, 62))
        answer = self.ask("FindTransactions", reference=mine, limit=1)
        self.assertGreaterEqual(answer.sequence, max(one.sequence for one in made))
        self.invalid("FindTransactions", "PAGE_TOKEN_INVALID", "page_token", reference=mine + "0",
                     page_token=answer.next_page_token)
        none = self.ask("FindTransactions", reference="order of nobody").transactions
        self.assertEqual(list(none), [])
        self.invalid("FindTransactions", "REFERENCE_EMPTY", "reference")
        self.invalid("FindTransactions", "REFERENCE_TOO_LONG", "reference", reference="x" * 1025)
        for number in (1, 6, 8, 13, 16, 17, 19):
            key = number << 3
            tag = bytes([key]) if key < 128 else bytes([key & 127 | 128, key >> 7])
            self.refused("FindTransactions", Code.INVALID_ARGUMENT, "FIELD_UNKNOWN",
                         request=b"\x3a\x01r" + tag + b"\x01", facts={"field": str(number)})

    def test_unique_references(self):
        a, b = self.account(1000), self.account(0)

        def once(n, reference, **more):
            return command((a, -n), (b, n), reference=reference, unique_reference=True, **more)

        def refused(asked, first):
            self.refused_command(asked, Code.ALREADY_EXISTS, "REFERENCE_EXISTS",
                                 transaction_id=first.id, reference=asked.reference)
        mine = f"order of {a}"
        first = self.execute(once(1, mine, key="unique-1"))
        # A retry is the same; anything else is another one.
        self.assertEqual(self.execute(once(1, mine, key="unique-1")), first)
        refused(once(1, mine), first)
        refused(once(2, mine, key="unique-2"), first)
        # It bound nothing.
        other = self.execute(once(2, mine + " again", key="unique-2"))
        # Who does not ask may use it again, and is found as well.
        self.ask("Transfer", entries=entries((a, -1), (b, 1)), reference=mine)
        refused(once(1, mine), first)
        plain = self.ask("Credit", account_id=b, amount=1, reference=mine + " of a credit")
        refused(once(1, plain.reference), plain)
        self.refused_command(once(1, ""), Code.INVALID_ARGUMENT, "REFERENCE_EMPTY",
                             field="reference")
        # Content.
        self.refused_command(command((a, -1), (b, 1), reference=mine, key="unique-1"),
                             Code.ALREADY_EXISTS, "IDEMPOTENCY_MISMATCH")
        # Items of a batch, one after the other or as one.
        batch = [once(1, mine), once(1, "x" + mine), once(2, "x" + mine),
                 command((a, -1), (b, 1), reference="x" + mine), once(3, mine)]
        answer = self.ask("ExecuteBatch", commands=batch)
        self.check_results(answer.results, "REFERENCE_EXISTS", None, "REFERENCE_EXISTS", None,
                           "REFERENCE_EXISTS")
        for atomic, reasons in (
                ([once(1, "y" + mine), once(2, "z" + mine), once(3, "y" + mine)],
                 ("BATCH_ABORTED", "BATCH_ABORTED", "REFERENCE_EXISTS")),
                ([once(1, "y" + mine), once(2, mine)], ("BATCH_ABORTED", "REFERENCE_EXISTS")),
                ([command((a, -1), (b, 1), reference="y" + mine), once(2, "y" + mine)],
                 ("BATCH_ABORTED", "REFERENCE_EXISTS")),
                ([once(2, "y" + mine), command((a, -1), (b, 1), reference="y" + mine)],
                 (None, None)),
                ([once(1, "w" + mine, key="unique-3")] * 2, (None, None)),
                ([once(1, "w" + mine, key="unique-3")] * 2, (None, None))):
            answer = self.ask("ExecuteBatch", commands=atomic, atomic=True)
            self.check_results(answer.results, *reasons)
        self.assertEqual(self.balance(a), 1000 - 1 - 2 - 1 - 1 - 1 - 3 - 1)
        self.assertEqual(other.reference, mine + " again")

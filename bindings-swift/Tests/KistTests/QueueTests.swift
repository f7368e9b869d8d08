import Kist
import Testing

/// Calls `body` with a store of a new profile.
private func withQueue(_ body: (Profile, Store, Queue) async throws -> Void) async throws {
    let directory = try TemporaryDirectory()
    let profile = try Profile(at: directory.profilePath)
    try await body(profile, try profile.store("things"), try profile.queue())
    try? profile.close()
}

/// Expects an error of that code.
private func expectError(_ code: ErrorCode, _ body: () async throws -> Void) async {
    do {
        try await body()
        Issue.record("no error")
    } catch let error as KistError {
        #expect(error.code == code, "\(error)")
    } catch {
        Issue.record("\(error)")
    }
}

struct QueueTests {
    @Test func writesAreVisibleThenDurable() async throws {
        try await withQueue { _, store, queue in
            let queued = try queue.put("a", 1, in: store)
            try await queued.committed()
            #expect(try store.get("a", as: Int.self) == 1)
            try await queued.durable()
            #expect(try await queue.add(5, to: "a", in: store).committed() == .i64(6))
            #expect(try await queue.get("a", as: Int.self, in: store) == 6)
            #expect(try await queue.delete("a", in: store).durable())
            #expect(try await queue.delete("a", in: store).committed() == false)
            #expect(try await queue.get("a", as: Int.self, in: store) == nil)
        }
    }

    @Test func readsSeeWhatWasQueuedBefore() async throws {
        try await withQueue { _, store, queue in
            for number in 0..<100 {
                try queue.put("n", number, in: store, durability: .relaxed)
                #expect(try await queue.get("n", as: Int.self, in: store) == number)
            }
            try await queue.flush()
        }
    }

    @Test func manyTasksShareAQueue() async throws {
        try await withQueue { _, store, queue in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    group.addTask { try await queue.put("\(number)", number, in: store).durable() }
                }
                try await group.waitForAll()
            }
            #expect(try store.count() == 200)
        }
    }

    @Test func errorsAreThoseOfTheOperation() async throws {
        try await withQueue { _, store, queue in
            try store.put("text", "x")
            await expectError(.wrongType) { _ = try await queue.add(1, to: "text", in: store).committed() }
            await expectError(.wrongType) { _ = try await queue.get("text", as: Int.self, in: store) }
            await expectError(.invalidJson) { try await queue.put("j", JSON("{"), in: store).durable() }
        }
    }

    @Test func whatHasNotBegunCanBeCancelled() async throws {
        try await withQueue { profile, store, queue in
            let writer = try profile.beginWriting()
            let first = try queue.put("a", 1, in: store)
            let second = try queue.put("b", 2, in: store)
            #expect(try second.cancel())
            #expect(try second.cancel() == false)
            try writer.abort()
            try await first.durable()
            await expectError(.cancelled) { try await second.durable() }
            #expect(try store.count() == 1)
        }
    }

    @Test func closeFinishesWhatIsQueued() async throws {
        try await withQueue { profile, store, queue in
            for _ in 0..<100 { try queue.add(1, to: "n", in: store) }
            let last = try queue.add(1, to: "n", in: store)
            try profile.close()
            #expect(try await last.durable() == .i64(101))
            await expectError(.closed) { _ = try queue.add(1, to: "n", in: store) }
        }
    }
}

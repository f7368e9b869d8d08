import Kist
import Testing

struct TransactionTests {
    struct Refusal: Error {}

    @Test func batchHappensAsAWholeAcrossStores() throws {
        try withProfile { profile in
            let first = try profile.store("first")
            let second = try profile.store("second")
            try first.put("old", 1)
            let before = try profile.beginReading()
            try profile.write { writer in
                try writer.put("a", 1, in: first)
                try writer.put("b", 2, in: second)
                #expect(try writer.delete("old", in: first))
                #expect(try writer.delete("never", in: first) == false)
                #expect(try writer.has("a", in: first))
                #expect(try writer.get("b", in: second) == .i64(2))
                #expect(try second.get("b") == nil, "nobody else sees it yet")
            }
            #expect(try before.get("a", in: first) == nil)
            #expect(try before.has("old", in: first))
            #expect(try before.count(of: second) == 0)
            #expect(try profile.read { try $0.get("a", as: Int.self, in: first) } == 1)
            #expect(try second.get("b", as: Int.self) == 2)
            #expect(try first.has("old") == false)
        }
    }

    @Test func thrownErrorUndoesEverything() throws {
        try withProfile { profile in
            let first = try profile.store("first")
            let second = try profile.store("second")
            try first.put("kept", 1)
            #expect(throws: Refusal.self) {
                try profile.write { writer in
                    try writer.put("a", 1, in: first)
                    try writer.clear(first)
                    try writer.put("b", 2, in: second)
                    throw Refusal()
                }
            }
            #expect(try keys(first.records()) == ["kept"])
            #expect(try keys(second.records()) == [])
        }
    }

    @Test func ownErrorsOfKistUndoEverythingToo() throws {
        try withStore { store in
            try store.put("kept", 1)
            expectError(.wrongType) {
                try store.profile.write { (writer) throws(KistError) in
                    try writer.put("a", 1, in: store)
                    _ = try writer.get("kept", as: String.self, in: store)
                }
            }
            #expect(try keys(store.records()) == ["kept"])
        }
    }

    @Test func failedCallLeavesTheRestOfABatch() throws {
        try withStore { store in
            try store.profile.write { writer in
                try writer.put("a", 1, in: store)
                expectError(.invalidJson) { try writer.put("b", JSON("{"), in: store) }
                try writer.put("c", 3, in: store)
            }
            #expect(try keys(store.records()) == ["a", "c"])
        }
    }

    @Test func droppedWriterIsAborted() throws {
        try withStore { store in
            func dropWriter() throws {
                let writer = try store.profile.beginWriting()
                try writer.put("a", 1, in: store)
            }
            try dropWriter()
            #expect(try store.has("a") == false)
            try store.put("b", 1)
        }
    }

    @Test func writersTakeTurns() throws {
        try withProfile { profile in
            let writer = try profile.beginWriting()
            expectError(.busy) { _ = try profile.beginWriting(timeout: .zero) }
            expectError(.timedOut) { _ = try profile.beginWriting(timeout: .milliseconds(5)) }
            expectError(.misuse) { _ = try profile.beginWriting() }
            expectError(.misuse) { try profile.sync() }
            try writer.abort()
            try profile.beginWriting(timeout: .zero).abort()
        }
    }

    @Test func writesInsideOfWriteAreRefused() throws {
        try withStore { store in
            let profile = store.profile
            try profile.write { writer in
                expectError(.misuse) { try store.put("a", 1) }
                expectError(.misuse) { try store.delete("a") }
                expectError(.misuse) { try store.clear() }
                expectError(.misuse) { try profile.write { _ in } }
                expectError(.misuse) { _ = try profile.beginWriting() }
                expectError(.misuse) { try profile.dropStore("things") }
                expectError(.misuse) { try profile.sync() }
                expectError(.tableNotFound) { _ = try profile.store("new") }
                #expect(try profile.store("things").get("a") == nil)
                try writer.put("a", 2, in: store)
            }
            try store.put("b", 1)
            #expect(try keys(store.records()) == ["a", "b"])
        }
    }

    @Test func snapshotsAreNumbered() throws {
        try withStore { store in
            let profile = store.profile
            let before = try profile.read { try $0.id() }
            let writer = try profile.beginWriting()
            try writer.put("a", 1, in: store)
            let committed = try writer.commit(.durable)
            let after = try profile.read { try $0.id() }
            #expect(before < committed)
            #expect(after == committed)
        }
    }

    @Test func relaxedCommitsAreVisibleAtOnce() throws {
        try withStore { store in
            try store.profile.write(durability: .relaxed) { try $0.put("a", 1, in: store) }
            #expect(try store.get("a", as: Int.self) == 1)
            try store.profile.sync()
        }
    }

    @Test func asynchronousForms() async throws {
        let directory = try TemporaryDirectory()
        let profile = try Profile(at: directory.profilePath)
        let store = try profile.store("s")
        let written = try await profile.write(durability: .relaxed) { writer in
            try writer.put("a", 1, in: store)
            return "written"
        }
        #expect(written == "written")
        #expect(try await profile.read { try $0.get("a", as: Int.self, in: store) } == 1)
        await #expect(throws: Refusal.self) {
            try await profile.write { writer in
                try writer.put("a", 2, in: store)
                throw Refusal()
            }
        }
        let value = try await profile.read { (reader) throws(KistError) in try reader.get("a", in: store) }
        #expect(value == .i64(1))
        try profile.close()
        await #expect(throws: KistError.self) { try await profile.read { try $0.id() } }
    }
}

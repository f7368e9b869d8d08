import Foundation
import Kist
import Synchronization
import Testing

/// Use after close, double close, close while others work, and after fork: always an error, never a crash.
struct HandleTests {
    @Test func closedProfile() throws {
        try withProfile { profile in
            let store = try profile.store("s")
            let reader = try profile.beginReading()
            let writer = try profile.beginWriting()
            try writer.put("k", 1, in: store)
            try profile.close()
            expectError(.closed) { try profile.close() }
            expectError(.closed) { _ = try profile.store("s") }
            expectError(.closed) { _ = try profile.storeNames() }
            expectError(.closed) { _ = try profile.statistics() }
            expectError(.closed) { _ = try profile.check() }
            expectError(.closed) { try profile.sync() }
            expectError(.closed) { try profile.delete() }
            expectError(.closed) { _ = try profile.read { try $0.id() } }
            expectError(.closed) { try profile.write { _ in } }
            expectError(.closed) { _ = try store.get("k") }
            expectError(.closed) { try store.put("k", 1) }
            expectError(.closed) { _ = try store.records().all() }
            expectError(.closed) { try store.close() }
            expectError(.closed) { _ = try reader.get("k", in: store) }
            expectError(.closed) { try reader.end() }
            expectError(.closed) { try writer.put("k", 1, in: store) }
            expectError(.closed) { try writer.commit() }
            expectError(.closed) { try writer.abort() }
        }
    }

    @Test func closedStore() throws {
        try withStore { store in
            let reader = try store.profile.beginReading()
            try store.close()
            expectError(.closed) { try store.close() }
            expectError(.closed) { _ = try store.get("k") }
            expectError(.closed) { _ = try store.get("k", as: String.self) }
            expectError(.closed) { try store.put("k", 1) }
            expectError(.closed) { try store.delete("k") }
            expectError(.closed) { _ = try store.has("k") }
            expectError(.closed) { _ = try store.count() }
            expectError(.closed) { try store.clear() }
            expectError(.closed) { _ = try reader.get("k", in: store) }
            expectError(.closed) { try store.profile.write { try $0.put("k", 1, in: store) } }
            #expect(try store.profile.store("things").count() == 0)
        }
    }

    @Test func endedTransactions() throws {
        try withStore { store in
            let profile = store.profile
            var escapedReader: Reader?
            var escapedWriter: Writer?
            try profile.read { escapedReader = $0 }
            try profile.write { escapedWriter = $0 }
            let reader = try #require(escapedReader)
            let writer = try #require(escapedWriter)
            expectError(.closed) { _ = try reader.get("k", in: store) }
            expectError(.closed) { _ = try reader.count(of: store) }
            expectError(.closed) { _ = try reader.id() }
            expectError(.closed) { try reader.end() }
            expectError(.closed) { _ = try writer.get("k", in: store) }
            expectError(.closed) { try writer.put("k", 1, in: store) }
            expectError(.closed) { try writer.commit() }
            expectError(.closed) { try writer.abort() }
        }
    }

    @Test func objectsKeepWhatTheyBelongTo() throws {
        let directory = try TemporaryDirectory()
        func openStore() throws -> Store { try Profile(at: directory.profilePath).store("s") }
        let store = try openStore()
        try store.put("k", 1)
        func openWalk() throws -> RecordIterator { try openStore().records().makeIterator() }
        let walk = try openWalk()
        #expect(try walk.next()?.get().value == .i64(1))
    }

    @Test func closeWhileOthersWork() throws {
        for _ in 0..<20 {
            let directory = try TemporaryDirectory()
            let profile = try Profile(at: directory.profilePath, .init(durability: .relaxed))
            let store = try profile.store("s")
            try store.put("k", "v")
            let works: [Work] = [
                { _ = try store.get("k", as: String.self) },
                { try store.put("k", "v") },
                { _ = try store.records().all() },
                { try profile.write { writer in try writer.put("k", "w", in: store) } },
            ]
            let close: Work = { try profile.close() }
            let codes = errorsOfThreads(again: works, once: [close, close])
            #expect(codes.filter { $0 == nil }.count == 1, "one of two closes succeeds")
            #expect(codes.filter { $0 == .closed }.count == works.count + 1, "\(codes)")
        }
    }

    @Test func handlesInAForkedChild() throws {
        // Swift hides fork because little may be done in the child. This one calls the C library only and ends.
        typealias Fork = @convention(c) () -> Int32
        let fork = unsafeBitCast(try #require(dlsym(nil, "fork")), to: Fork.self)
        try withStore { store in
            try store.put("k", 1)
            let child = fork()
            if child == 0 {
                do throws(KistError) {
                    _ = try store.has("k")
                    _exit(1)
                } catch {
                    _exit(error.code == .forked ? 42 : 2)
                }
            }
            try #require(child > 0)
            var status: Int32 = 0
            var ended: Int32 = 0
            for _ in 0..<3_000 where ended == 0 {
                ended = waitpid(child, &status, WNOHANG)
                if ended == 0 { usleep(10_000) }
            }
            if ended == 0 {
                kill(child, SIGKILL)
                waitpid(child, &status, 0)
            }
            #expect(status == 42 << 8)
            #expect(try store.get("k", as: Int.self) == 1)
        }
    }
}

private typealias Work = @Sendable () throws -> Void

/// Runs each piece of work in a thread of its own, some again and again until they throw. Gives the codes of the errors
/// that they threw, nil for none.
private func errorsOfThreads(again: [Work], once: [Work]) -> [ErrorCode?] {
    let codes = Mutex<[ErrorCode?]>([])
    let ended = DispatchGroup()
    for (index, work) in (again + once).enumerated() {
        let repeats = index < again.count
        ended.enter()
        Thread.detachNewThread {
            var code: ErrorCode?
            do {
                repeat { try work() } while repeats
            } catch {
                code = (error as? KistError)?.code
            }
            codes.withLock { [code] in $0.append(code) }
            ended.leave()
        }
    }
    ended.wait()
    return codes.withLock { $0 }
}

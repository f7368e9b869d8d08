import CKist

/// What may name a record: `String` (its UTF-8 bytes as they are, without normalisation), `Substring`,
/// `[UInt8]` and `Key`.
public protocol KeyConvertible {
    /// Calls `body` with the bytes of the key, which are valid during the call only.
    func withKeyBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result
}

extension String: KeyConvertible {
    public func withKeyBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var copy = self
        return copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}

extension Substring: KeyConvertible {
    public func withKeyBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        var copy = self
        return copy.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
}

extension Array: KeyConvertible where Element == UInt8 {
    public func withKeyBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeBytes(body)
    }
}

/// The key of a record: a run of bytes, ordered byte by byte.
public struct Key: Sendable, Hashable, Comparable, KeyConvertible {
    /// The bytes of the key.
    public let bytes: [UInt8]

    /// A key of the same bytes.
    public init(_ key: some KeyConvertible) {
        bytes = key.withKeyBytes { [UInt8]($0) }
    }

    /// The key as text, or nil when its bytes are not UTF-8.
    public var string: String? { String(validating: bytes, as: UTF8.self) }

    public func withKeyBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes(body)
    }

    /// Byte order, which is the order in which records are walked.
    public static func < (left: Key, right: Key) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension Key: ExpressibleByStringLiteral, CustomStringConvertible {
    public init(stringLiteral: String) {
        self.init(stringLiteral)
    }

    /// The text, or the bytes in hexadecimal when they are not text.
    public var description: String {
        string ?? bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension Key {
    init(_ bytes: kist_bytes) {
        self.init([UInt8](UnsafeRawBufferPointer(start: bytes.data, count: bytes.size)))
    }
}

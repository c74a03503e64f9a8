//! Codecs for `tokio_util::codec`, for any framed transport. Feature `codec`.
//!
//! ```
//! # use futures::executor::block_on;
//! # use futures::{SinkExt, StreamExt};
//! use sse_wire::Event;
//! use sse_wire::codec::Codec;
//! use tokio_util::codec::{FramedRead, FramedWrite};
//!
//! # block_on(async {
//! let mut writer = FramedWrite::new(Vec::new(), Codec::new());
//! writer.send(Event::new("hello").with_id(1)).await?;
//!
//! let mut reader = FramedRead::new(&writer.get_ref()[..], Codec::new());
//! while let Some(event) = reader.next().await {
//!     match event? {
//!         Ok(event) => println!("{}", event.data()),
//!         Err(error) => eprintln!("skipped: {error}"),
//!     }
//! }
//! assert_eq!(reader.decoder().decoder().last_event_id(), "1");
//! # Ok::<(), std::io::Error>(())
//! # }).unwrap();
//! ```

use crate::{DecodeError, Decoder, Encoder, Event, Frame, OwnedFeed};
use bytes::BytesMut;
use std::io;
use tokio_util::codec;

/// Decodes owned events, and encodes events.
///
/// A block over the limit is an item and not an error of the codec: `FramedRead` ends after an
/// error, and later events would be lost. So an item is a `Result`, and decoding continues after
/// each.
///
/// The codec takes all bytes that its caller has read, and decodes them in its own buffer.
#[derive(Clone, Debug, Default)]
pub struct Codec {
    feed: OwnedFeed<BytesMut>,
    encoder: Encoder,
    /// The input has ended. Later input is another stream.
    has_ended: bool,
}

impl Codec {
    /// A codec at the start of a stream, with a [new](Decoder::new) decoder.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_decoder(Decoder::new())
    }

    /// A codec with a decoder that has a limit or a last event ID.
    ///
    /// ```
    /// # use sse_wire::{Decoder, codec::Codec};
    /// let codec = Codec::with_decoder(Decoder::new().with_max_event_size(64 * 1024));
    /// assert_eq!(codec.decoder().max_event_size(), 64 * 1024);
    /// ```
    #[must_use]
    pub const fn with_decoder(decoder: Decoder) -> Self {
        Self {
            feed: OwnedFeed::with_decoder(decoder),
            encoder: Encoder::new(),
            has_ended: false,
        }
    }

    /// The same codec for frames: all that a stream says.
    ///
    /// ```
    /// # use sse_wire::{Frame, codec::Codec};
    /// # use tokio_util::codec::Decoder;
    /// let mut codec = Codec::new().frames();
    /// let frame = codec.decode(&mut b": ping\n"[..].into())?.unwrap()?;
    /// assert_eq!(frame, Frame::Comment(" ping".into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn frames(self) -> FrameCodec {
        FrameCodec { codec: self }
    }

    /// The decoder: it has the last event ID and the reconnection time.
    #[must_use]
    pub const fn decoder(&self) -> &Decoder {
        self.feed.decoder()
    }

    /// The decoder alone. Bytes that are not decoded yet are lost.
    #[must_use]
    pub fn into_decoder(self) -> Decoder {
        self.feed.into_decoder()
    }

    /// Returns the event that the end of the input has cut off, if there is one with data: see
    /// [`Decoder::finish`]. The codec discards it (R20) unless you ask for it after the end.
    ///
    /// # Errors
    ///
    /// As [`Decoder::finish`].
    ///
    /// ```
    /// # use futures::{StreamExt, executor::block_on};
    /// # use sse_wire::codec::Codec;
    /// # use tokio_util::codec::FramedRead;
    /// # block_on(async {
    /// let mut reader = FramedRead::new(&b"data: [DONE]\n"[..], Codec::new());
    /// assert!(reader.next().await.is_none());
    /// let cut_off = reader.decoder_mut().finish().unwrap()?;
    /// assert_eq!(cut_off.data(), "[DONE]");
    /// # Ok::<(), sse_wire::DecodeError>(())
    /// # }).unwrap();
    /// ```
    pub fn finish(&mut self) -> Option<Result<Event<'_>, DecodeError>> {
        match self.feed.finish()? {
            Ok(()) => self.feed.event().map(Ok),
            Err(error) => Some(Err(error)),
        }
    }

    /// Prepares for a new connection, as [`Decoder::reconnect`] does. Input after the end of the
    /// input does the same.
    pub fn reconnect(&mut self) {
        self.feed.reconnect();
        self.encoder = Encoder::new();
    }

    fn advance(
        &mut self,
        src: &mut BytesMut,
        find: impl Fn(&mut OwnedFeed<BytesMut>) -> Option<Result<(), DecodeError>>,
    ) -> Option<Result<(), DecodeError>> {
        loop {
            if let Some(found) = find(&mut self.feed) {
                return Some(found);
            }
            // Before more is read, so that its memory can be used again.
            drop(self.feed.take());
            if src.is_empty() {
                return None;
            }
            if core::mem::take(&mut self.has_ended) {
                self.feed.reconnect();
            }
            self.feed.push(src.split());
        }
    }
}

impl codec::Decoder for Codec {
    type Item = Result<Event<'static>, DecodeError>;
    type Error = io::Error;

    fn decode(&mut self, src: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        let found = self.advance(src, OwnedFeed::advance);
        Ok(found.and_then(|found| match found {
            Ok(()) => self.feed.lend().map(|event| Ok(event.into_owned())),
            Err(error) => Some(Err(error)),
        }))
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        let item = self.decode(src)?;
        self.has_ended |= item.is_none();
        Ok(item)
    }
}

/// Decodes owned frames, and encodes frames: what [`Codec::frames`] returns.
#[derive(Clone, Debug, Default)]
pub struct FrameCodec {
    codec: Codec,
}

impl FrameCodec {
    /// The codec that finds the frames; it has the decoder.
    #[must_use]
    pub const fn get_ref(&self) -> &Codec {
        &self.codec
    }

    /// The codec that finds the frames, for example to ask it to [finish](Codec::finish).
    #[must_use]
    pub const fn get_mut(&mut self) -> &mut Codec {
        &mut self.codec
    }

    /// The codec that finds the frames. Nothing is lost.
    #[must_use]
    pub fn into_inner(self) -> Codec {
        self.codec
    }
}

impl codec::Decoder for FrameCodec {
    type Item = Result<Frame<'static>, DecodeError>;
    type Error = io::Error;

    fn decode(&mut self, src: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        let found = self.codec.advance(src, OwnedFeed::advance_frame);
        Ok(found.and_then(|found| match found {
            Ok(()) => self.codec.feed.frame().map(|frame| Ok(frame.into_owned())),
            Err(error) => Some(Err(error)),
        }))
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> io::Result<Option<Self::Item>> {
        let item = self.decode(src)?;
        self.codec.has_ended |= item.is_none();
        Ok(item)
    }
}

impl codec::Encoder<&Event<'_>> for Codec {
    type Error = io::Error;

    fn encode(&mut self, event: &Event<'_>, dst: &mut BytesMut) -> io::Result<()> {
        self.encoder.event(event, dst);
        Ok(())
    }
}

impl codec::Encoder<Event<'_>> for Codec {
    type Error = io::Error;

    fn encode(&mut self, event: Event<'_>, dst: &mut BytesMut) -> io::Result<()> {
        self.encoder.event(&event, dst);
        Ok(())
    }
}

impl codec::Encoder<&Frame<'_>> for FrameCodec {
    type Error = io::Error;

    fn encode(&mut self, frame: &Frame<'_>, dst: &mut BytesMut) -> io::Result<()> {
        self.codec.encoder.frame(frame, dst);
        Ok(())
    }
}

impl codec::Encoder<Frame<'_>> for FrameCodec {
    type Error = io::Error;

    fn encode(&mut self, frame: Frame<'_>, dst: &mut BytesMut) -> io::Result<()> {
        self.codec.encoder.frame(&frame, dst);
        Ok(())
    }
}

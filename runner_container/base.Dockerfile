# The base that debootstrap.sh builds, as an image. The build context is the folder of its tar archive.
FROM scratch
ADD base.tar /
CMD ["bash"]

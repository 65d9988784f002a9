# An image of the base that debootstrap.sh builds. The build context is the folder of its tar archive.
FROM scratch
ADD base.tar /
CMD ["bash"]
